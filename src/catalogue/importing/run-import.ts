import { type Progress, type ProgressTask, silentProgress } from "../../base/mod.ts";
import type { CatalogueEvent } from "../event.ts";
import type { Item } from "../item.ts";
import type { Person } from "../person.ts";
import type { CatalogueStore, ImportCursor, PutCounts } from "../store.ts";
import { checkImport } from "./check-import.ts";
import type { ImportFile, ImportPlan, ImportRow } from "./import-plan.ts";
import { byteSteps, startTask, throwIfCancelled } from "./import-progress.ts";
import { createIssueCounter, type IssueSummary } from "./issue-counter.ts";

/** Options of {@link runImport}. */
export interface RunImportOptions {
  /** Reads everything first and changes nothing where there is any issue or orphan. @default false */
  readonly strict?: boolean;
  /** Rows written in one transaction, together with where the import stands. @default 5000 */
  readonly batchRows?: number;
  /** @default silent */
  readonly progress?: Progress;
  /** Stops between two batches; the same import started again goes on from there. */
  readonly signal?: AbortSignal;
}

/** What an import did. */
export interface ImportSummary {
  /** False where `strict` refused: then nothing was changed. */
  readonly imported: boolean;
  /** True where an interrupted import went on: counts and issues are those of this run alone. */
  readonly resumed: boolean;
  /** Rows read, whatever became of them. */
  readonly rows: number;
  /** Rows that are right but neither like nor nope. */
  readonly neutral: number;
  readonly counts: PutCounts;
  readonly issues: IssueSummary;
}

/** Default of {@link RunImportOptions.batchRows}: large enough to hide a round trip, small enough to lose little. */
export const defaultBatchRows = 5000;

// Ids remembered as already told to the store; past this they are told again, which changes nothing.
const maxRemembered = 100_000;

/**
 * Imports a plan into a store: streaming, in memory bounded by a batch, idempotent, and resumable, as every batch is
 * written in one transaction with the line to go on from.
 *
 * @param plan What to read.
 * @param store Where to.
 * @param options Strictness, batch size, progress, cancellation.
 * @returns Every row accounted for: put, orphaned, neutral or an issue.
 * @throws FutagoError `cancelled` When the signal was aborted; what is written stays.
 *
 * @example
 * ```ts
 * import { createMemoryCatalogue, mappedImport, memoryFolder, parseImportMapping, runImport } from "futago";
 * const folder = memoryFolder({ "films.csv": "id,name\n1,Harbour at dawn\n" });
 * const mapping = parseImportMapping({ items: { file: "films.csv", id: "id", title: "name" } });
 * const plan = await mappedImport(folder, mapping, { format: "csv" });
 * const summary = await runImport(plan, createMemoryCatalogue());
 * summary.counts.inserted; // 1
 * ```
 */
export async function runImport(
  plan: ImportPlan,
  store: CatalogueStore,
  options: RunImportOptions = {},
): Promise<ImportSummary> {
  const { strict = false, progress = silentProgress, batchRows = defaultBatchRows } = options;
  if (!(Number.isInteger(batchRows) && batchRows > 0)) {
    throw new RangeError(
      `Cannot import as batchRows must be a positive whole number: current value is ${batchRows}`,
    );
  }
  if (strict) {
    const { issues, rows, neutral } = await checkImport(plan, store, { progress, ...signalOf(options) });
    if (issues.total > 0) return { imported: false, resumed: false, rows, neutral, counts: none, issues };
  }
  const cursor = await store.importCursor(plan.source);
  const run = createRun(plan, { store, batchRows, lines: { ...cursor?.lines } });
  for (const file of plan.files) {
    const task = startTask(progress, "Importing", file);
    try {
      await run.file(file, task, options.signal);
    } finally {
      task.done();
    }
  }
  await store.clearImportCursor(plan.source);
  return { imported: true, resumed: cursor !== undefined, ...run.summary() };
}

const none: PutCounts = Object.freeze({ inserted: 0, updated: 0, unchanged: 0, orphaned: 0 });

interface RunOptions {
  readonly store: CatalogueStore;
  readonly batchRows: number;
  readonly lines: Record<string, number>;
}

function createRun(plan: ImportPlan, { store, batchRows, lines }: RunOptions) {
  const issues = createIssueCounter();
  const total = { ...none };
  let rows = 0;
  let neutral = 0;
  const told = new Set<string>();
  let batch = emptyBatch();

  const take = (row: ImportRow): void => {
    rows++;
    batch.rows++;
    if (row.kind === "item") batch.items.push(row.item);
    else if (row.kind === "person") batch.people.push(row.person);
    else if (row.kind === "issue") for (const issue of row.issues) issues.add(issue);
    else if (row.kind === "neutral") neutral++;
    else {
      batch.events.push(row.event);
      const { personId } = row.event;
      if (plan.newPerson === undefined || told.has(personId)) return;
      if (told.size >= maxRemembered) told.clear();
      told.add(personId);
      batch.newPeople.push(plan.newPerson(personId));
    }
  };
  const write = async (file: ImportFile, next: number): Promise<void> => {
    lines[file.name] = next;
    const cursor: ImportCursor = { source: plan.source, lines: { ...lines } };
    const { rows: _, ...contents } = batch;
    const counts = await store.putBatch(contents, cursor);
    for (const count of countNames) total[count] += counts[count];
    batch = emptyBatch();
  };

  return {
    async file(file: ImportFile, task: ProgressTask, signal: AbortSignal | undefined): Promise<void> {
      const onBytes = byteSteps(task, file);
      let read = 0;
      let next = lines[file.name] ?? 1;
      for await (const block of file.rows({ from: next, onBytes })) {
        for (const row of block) {
          take(row);
          next = row.next;
          if (batch.rows >= batchRows) {
            read += batch.rows;
            await write(file, next);
            task.note(`${read.toLocaleString("en")} rows`);
            await letOthersRun();
            throwIfCancelled(signal);
          }
        }
        throwIfCancelled(signal);
      }
      if (batch.rows > 0) await write(file, next);
    },
    summary: () => ({ rows, neutral, counts: { ...total }, issues: issues.summary() }),
  };
}

const countNames = ["inserted", "updated", "unchanged", "orphaned"] as const;

interface Batch {
  rows: number;
  readonly items: Item[];
  readonly people: Person[];
  readonly newPeople: Person[];
  readonly events: CatalogueEvent[];
}

function emptyBatch(): Batch {
  return { rows: 0, items: [], people: [], newPeople: [], events: [] };
}

// An embedded database answers within promises alone, which would keep Ctrl-C and progress waiting to the end.
function letOthersRun(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

// An option that is undefined may not be passed on as a member that is.
function signalOf({ signal }: RunImportOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
