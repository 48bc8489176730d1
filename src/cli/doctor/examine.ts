import { type Database, openDatabase, type QueryBounds } from "../../adapters/postgres/mod.ts";
import type { BlobStore, Clock } from "../../base/mod.ts";
import type { CliContext } from "../context.ts";
import { type Check, type CheckResult, runCheck } from "./check.ts";
import { databaseChecks, schemaChecks } from "./database-checks.ts";
import { machineChecks } from "./machine-checks.ts";
import { modelChecks } from "./model-checks.ts";
import { vectorChecks } from "./vector-checks.ts";

/** What {@link examine} is given. */
export interface ExamineOptions {
  readonly context: Pick<CliContext, "home" | "env" | "databaseTarget">;
  /** Where models are served from. */
  readonly openModels: () => BlobStore;
  /** Whether to mend what is safe to mend. */
  readonly fix: boolean;
  /** Told of each result as it comes. */
  readonly told?: (result: CheckResult) => void;
  /** @default Date */
  readonly clock?: Clock;
  /** Opens the database without migrating it. @default where the context says */
  readonly open?: (options: { readonly bounds?: QueryBounds }) => Promise<Database>;
  /** Free bytes of a directory. @default those of its disk */
  readonly freeBytes?: (directory: string) => Promise<number>;
}

/** Longer than this a look at the database does not wait, in milliseconds. */
const patienceMs = 5000;

/**
 * Looks at everything that answers depend on, in the order in which one thing needs the other.
 *
 * @param options What to look at, and whether to mend.
 * @returns How each stands; nothing of what could not be looked at.
 */
export async function examine(options: ExamineOptions): Promise<readonly CheckResult[]> {
  const { context, fix, clock = Date, told } = options;
  const open =
    options.open ??
    ((more: { readonly bounds?: QueryBounds }) =>
      openDatabase(context.databaseTarget, { migrate: false, ...more }));
  const results: CheckResult[] = [];
  const run = async (checks: readonly Check[]): Promise<void> => {
    for (const check of checks) {
      const result = await runCheck(check, { fix });
      results.push(result);
      told?.(result);
    }
  };
  const isFine = (name: string): boolean => results.find((result) => result.name === name)?.ok === true;
  await run(machineChecks(context, options.freeBytes === undefined ? {} : { freeBytes: options.freeBytes }));
  let database: Database | undefined;
  const opened: Check = {
    name: "database",
    look: async () => {
      database = await open({ bounds: { timeoutMs: patienceMs } });
      return { ok: true, says: "" };
    },
  };
  const first = await runCheck(opened, { fix: false });
  if (database === undefined) {
    results.push(first);
    told?.(first);
    return results;
  }
  const ours = database;
  try {
    const patiently = async <T>(work: (database: Database) => Promise<T>): Promise<T> => {
      // The embedded database is open once at a time, and never bounded.
      if (ours.kind === "pglite") return work(ours);
      const patient = await open({});
      try {
        return await work(patient);
      } finally {
        await patient.close();
      }
    };
    const under = { database: ours, patiently, clock };
    await run(databaseChecks(under));
    if (!isFine("database") || !isFine("migrations")) return results;
    await run(schemaChecks(under));
    const blobs = lazily(options.openModels);
    await run(modelChecks({ database: ours, blobs, env: context.env }));
    await run(
      vectorChecks({
        ...under,
        blobs,
        indexFromRows: ours.kind === "pglite" ? 200_000 : 10_000,
      }),
    );
    return results;
  } finally {
    await ours.close();
  }
}

/** Opened when it is first used, so that what is missing for it is a finding of its own. */
function lazily(open: () => BlobStore): BlobStore {
  return {
    read: async (path) => open().read(path),
    write: async (path, bytes) => open().write(path, bytes),
    list: async (prefix) => open().list(prefix),
    remove: async (prefix) => open().remove(prefix),
  };
}
