import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { datasetFromStore } from "../../catalogue/mod.ts";
import {
  evaluate,
  fitBaselines,
  headlineMetrics,
  renderReportHtml,
  renderReportTable,
  type Split,
  splitLast,
  trainingCurves,
  trainingValidation,
} from "../../evaluation/mod.ts";
import { videoSchema } from "../../features/mod.ts";
import { createRuntimeProduct, type Runtime } from "../../onnx/mod.ts";
import type { Deployer } from "../../registry/mod.ts";
import { createTowerScorer, loadTowers } from "../../towers/mod.ts";
import { createTrainer, type TrainedModel } from "../../training/mod.ts";
import type { CliContext } from "../context.ts";
import { openDeployer } from "../open-deployer.ts";
import type { Stores } from "../open-stores.ts";

/**
 * Trains a lite model, measures it beside the baselines, registers it, embeds the catalogue and makes it active. A
 * killed run goes on: training from its checkpoint, promotion from the registered candidate.
 *
 * @param context For progress, words and Ctrl-C.
 * @param stores Where the data is and the model goes.
 */
export async function makeFirstModel(context: CliContext, stores: Stores): Promise<void> {
  const runtime = await createOrtRuntime();
  const deployer = await openDeployer(context, stores, { runtime, viewers: true });
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
  const { progress, signal, home } = context;
  const dataset = await datasetFromStore(stores.database.catalogue);
  // Only the last two likes of every viewer are held back, so that the model that is measured can be the one that serves.
  const split = splitLast(dataset);
  const validation = trainingValidation(split);
  const checkpoints = createFileBlobStore(resolve(home, "checkpoints"));
  const model = await createTrainer({ runtime, progress, checkpoints, clock: Date }).fit(split.train, {
    schema: videoSchema,
    towers: { preset: "lite" },
    // The checkpoint of a lite model is small: a killed start should not lose more than seconds.
    training: { checkpointSteps: 50 },
    signal,
    ...(validation === undefined ? {} : { validation }),
  });
  // Nobody is tested where nobody has three likes yet.
  const tested = split.test.people.length > 0;
  const metrics = tested ? await measure(context, { split, model, runtime }) : {};
  const description = "first model";
  return (await deployer.register(model, { dataset, metrics, description })).version;
}

async function measure(
  context: CliContext,
  measured: { readonly split: Split; readonly model: TrainedModel; readonly runtime: Runtime },
): Promise<Record<string, number>> {
  const { split, model, runtime } = measured;
  const { progress, signal } = context;
  const product = await createRuntimeProduct(runtime);
  const towers = await loadTowers(runtime, model);
  const scorer = await createTowerScorer(towers, { runtime, items: split.items });
  try {
    const baselines = await fitBaselines(split, { product, progress, signal });
    const curves = trainingCurves(model.curves);
    const report = await evaluate(split, [scorer], { baselines, progress, signal, curves });
    context.say("\nThe last like of every viewer, to be found among the whole catalogue:\n");
    for (const line of renderReportTable(report)) context.say(`  ${line}`);
    const page = resolve(context.home, "report.html");
    await writeFile(page, renderReportHtml(report));
    context.say(`\nThe whole report: ${page}`);
    const own = report.models.find(({ name }) => name === scorer.name)!.metrics;
    const known = headlineMetrics(report).filter((name) => own[name] !== undefined);
    return Object.fromEntries(known.map((name) => [name, own[name]!]));
  } finally {
    await scorer.close();
    await towers.close();
    await product.close();
  }
}
