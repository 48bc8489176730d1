import { Command } from "commander";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { datasetFromStore } from "../../catalogue/mod.ts";
import { featureImportance, splitLast } from "../../evaluation/mod.ts";
import { loadTowers } from "../../towers/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { importanceRows } from "../importance-rows.ts";
import { type Stores, withStores } from "../open-stores.ts";
import { wholeNumber } from "../option-values.ts";
import { registeredBundle } from "../registered-bundle.ts";

interface Options {
  readonly stored?: true;
  readonly repeats: number;
  readonly viewers: number;
}

/**
 * `futago models importance`.
 *
 * @returns The command.
 */
export function modelsImportanceCommand(): Command {
  const command = new Command("importance")
    .argument("[version]", "which version (default: the active one)")
    .description("How much worse a version ranks when a feature is shuffled; kept with the version")
    .option("--stored", "what was measured before, without measuring")
    .option("--repeats <n>", "shuffles of each feature", wholeNumber({ min: 2, max: 10 }), 5)
    .option("--viewers <n>", "most viewers that are ranked for", wholeNumber({ min: 1 }), 500)
    .addHelpText(
      "after",
      "\nExamples:\n  futago models importance\n  futago models importance 2026.11.20-2 --repeats 10\n  futago models importance --stored --json",
    );
  return withSharedOptions(command).action(
    action<Options>((context, options, [version]) =>
      withStores(context, (stores) => run(context, stores, { ...options, version })),
    ),
  );
}

async function run(
  context: CliContext,
  stores: Stores,
  options: Options & { readonly version: string | undefined },
): Promise<void> {
  const { catalogue, versions } = stores.database;
  const { manifest, ...bundle } = await registeredBundle(stores, options.version);
  const { version } = manifest;
  if (options.stored !== true) {
    const split = splitLast(await datasetFromStore(catalogue));
    const runtime = await createOrtRuntime();
    const towers = await loadTowers(runtime, bundle);
    try {
      const { progress, signal } = context;
      const { ndcg, viewers, features } = await featureImportance(towers, {
        ...{ set: split.validation, items: split.items, runtime, progress, signal },
        repeats: options.repeats,
        maxViewers: options.viewers,
      });
      await versions.putImportance(version, features);
      context.say(`NDCG@10 ${ndcg.toFixed(4)} for ${viewers} viewers, by the like before their last`);
    } finally {
      await towers.close();
    }
  }
  const importance = await versions.importance(version);
  if (importance.length === 0) context.say(`Nothing was measured of ${version} yet: leave --stored out`);
  else for (const line of importanceRows(importance)) context.say(line);
  context.result({ version, importance });
}
