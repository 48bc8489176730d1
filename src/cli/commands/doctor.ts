import { access, constants, mkdir } from "node:fs/promises";
import { Command } from "commander";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { loadModel } from "../../registry/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type Stores, withStores } from "../open-stores.ts";

/** One thing that was looked at. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
}

/**
 * `futago doctor`.
 *
 * @returns The command.
 */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("Check that everything is in order: Node, ONNX Runtime, home, database, data, active model")
    .addHelpText(
      "after",
      "\nExits with 1 where something is wrong.\n\nExamples:\n  futago doctor\n  futago doctor --db-url postgres://localhost/futago --json",
    );
  return withSharedOptions(command).action(
    action(async (context) => {
      const checks: Check[] = [];
      const check = async (name: string, look: () => Promise<string>): Promise<void> => {
        const found = await look().then(
          (says) => ({ name, ok: true, says }),
          (error: unknown) => ({
            name,
            ok: false,
            says: error instanceof Error ? error.message : String(error),
          }),
        );
        checks.push(found);
        context.say(`${found.ok ? "ok   " : "WRONG"}  ${name}: ${found.says}`);
      };
      await check("node", async () => process.version);
      await check("onnxruntime", async () => (await createOrtRuntime()).name);
      await check("home", () => writableHome(context));
      await check("database", () =>
        withStores(context, async (stores) => {
          await stores.database.ping();
          await check("data", () => countsOf(stores));
          await check("model", () => activeModel(stores));
          return "url" in context.databaseTarget ? "a server, migrated" : "embedded, migrated";
        }),
      );
      const ok = checks.every((one) => one.ok);
      context.result({ ok, checks });
      if (!ok) process.exitCode = 1;
    }),
  );
}

async function writableHome({ home }: CliContext): Promise<string> {
  await mkdir(home, { recursive: true });
  await access(home, constants.W_OK);
  return `${home} is writable`;
}

async function countsOf({ database }: Stores): Promise<string> {
  const { items, people, events } = await database.catalogue.counts();
  return `${items} items, ${people} people, ${events} events`;
}

async function activeModel({ database, blobs }: Stores): Promise<string> {
  const active = await database.versions.active();
  if (active === undefined) return "none is active: popularity answers; futago train --update-db makes one";
  const { version, manifestHash } = active;
  const model = await loadModel({ runtime: await createOrtRuntime(), blobs }, version, { manifestHash });
  await model.close();
  const vectors = (await database.vectors.itemHashes(version)).size;
  const { items } = await database.catalogue.counts();
  return `${version}, whole, vectors within ${model.parity.toExponential(1)} of the recorded ones, ${vectors} of ${items} items embedded`;
}
