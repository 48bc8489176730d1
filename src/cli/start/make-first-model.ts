import { resolve } from "node:path";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { datasetFromStore } from "../../catalogue/mod.ts";
import {
  createRuntimeProduct,
  evaluate,
  fitEase,
  fitIals,
  fitItemKnn,
  fitPopularity,
  interactionsOf,
  type Split,
  splitLast,
} from "../../evaluation/mod.ts";
import { videoSchema } from "../../features/mod.ts";
import type { Runtime } from "../../onnx/mod.ts";
import { createDeployer, type Deployer } from "../../registry/mod.ts";
import { createTowerScorer, loadTowers } from "../../towers/mod.ts";
import { createTrainer, type TrainedModel, type ValidationSet } from "../../training/mod.ts";
import type { CliContext } from "../context.ts";
import { embedForPromotion } from "../embed-for-promotion.ts";
import type { Stores } from "../open-stores.ts";
import { tableOf } from "../table.ts";

/**
 * Trains a lite model, measures it beside the baselines, registers it, embeds the catalogue and makes it active. A
 * killed run goes on: training from its checkpoint, promotion from the registered candidate.
 *
 * @param context For progress, words and Ctrl-C.
 * @param stores Where the data is and the model goes.
 */
export async function makeFirstModel(context: CliContext, stores: Stores): Promise<void> {
  const { database, blobs } = stores;
  const runtime = await createOrtRuntime();
  const prepare = embedForPromotion(context, database);
  const deployer = createDeployer({ blobs, versions: database.versions, runtime, clock: Date, prepare });
  const version =
    (await wholeCandidate(deployer)) ?? (await trainAndRegister(context, { stores, runtime, deployer }));
  await deployer.promote(version);
  context.say(`Version ${version} is active`);
}

async function wholeCandidate(deployer: Deployer): Promise<string | undefined> {
  for (const { version, status } of await deployer.list()) {
    if (status !== "candidate") continue;
    const whole = await deployer.verify(version).then(
      () => true,
      () => false,
    );
    if (whole) return version;
  }
  return undefined;
}

async function trainAndRegister(
  context: CliContext,
  work: { readonly stores: Stores; readonly runtime: Runtime; readonly deployer: Deployer },
): Promise<string> {
  const { stores, runtime, deployer } = work;
  const { progress, signal } = context;
  const dataset = await datasetFromStore(stores.database.catalogue);
  // The last like of every viewer is held back: the model that is measured is the model that serves.
  const split = splitLast(dataset);
  const checkpoints = createFileBlobStore(resolve(context.home, "checkpoints"));
  const model = await createTrainer({ runtime, progress, checkpoints, clock: Date }).fit(split.train, {
    schema: videoSchema,
    towers: { preset: "lite" },
    validation: validationOf(split),
    signal,
  });
  const metrics = await measure(context, { split, model, runtime });
  const { version } = await deployer.register(model, { dataset, metrics, description: "first model, lite" });
  return version;
}

function validationOf({ validation }: Split): ValidationSet {
  const { offsets, items } = validation.held;
  const weights = new Float32Array(items.length).fill(1);
  return { given: validation.given, targets: { offsets, indices: items, weights } };
}

async function measure(
  context: CliContext,
  measured: { readonly split: Split; readonly model: TrainedModel; readonly runtime: Runtime },
): Promise<Record<string, number>> {
  const { split, model, runtime } = measured;
  const { progress, signal } = context;
  const interactions = interactionsOf(split.train);
  const product = await createRuntimeProduct(runtime);
  const towers = await loadTowers(runtime, model);
  const scorer = await createTowerScorer(towers, { runtime, items: split.items });
  try {
    const baselines = [
      fitPopularity(interactions),
      fitItemKnn(interactions),
      await fitEase(interactions, { product }),
      await fitIals(interactions, { product }),
    ];
    const report = await evaluate(split, [scorer], { baselines, progress, signal, resamples: 200 });
    const names = ["ndcg@10", "recall@50", "mrr", "coverage@50"].filter(
      (name) => name in report.models[0]!.metrics,
    );
    context.say("\nThe last like of every viewer, found among the whole catalogue:");
    const rows = report.models.map(({ name, metrics }) => [
      name,
      ...names.map((metric) => metrics[metric]!.toFixed(3)),
    ]);
    for (const line of tableOf([["model", ...names], ...rows])) context.say(`  ${line}`);
    const own = report.models.find(({ name }) => name === scorer.name)!.metrics;
    return Object.fromEntries(names.map((name) => [name, own[name]!]));
  } finally {
    await scorer.close();
    await towers.close();
  }
}
