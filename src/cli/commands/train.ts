import { resolve } from "node:path";
import { Command, Option } from "commander";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { createOrtRuntime, type OrtDevice } from "../../adapters/ort-node/mod.ts";
import type { BlobStore } from "../../base/mod.ts";
import { datasetFromStore } from "../../catalogue/mod.ts";
import { bundlePath, dataWindowOf, parseManifest } from "../../registry/mod.ts";
import { type TowerPreset, towerPresets } from "../../towers/mod.ts";
import { createTrainer, resolveTrainingConfig, type TrainedModel } from "../../training/mod.ts";
import { checkBundleSize } from "../check-bundle-size.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { readFeatureSchema } from "../feature-schema.ts";
import { openDeployer } from "../open-deployer.ts";
import { withStores } from "../open-stores.ts";
import { realNumber, wholeNumber } from "../option-values.ts";
import { readModelSettings } from "../read-model-settings.ts";
import { registeredBundle } from "../registered-bundle.ts";
import { sayRates } from "../say-rates.ts";
import { headsLike, towersLike } from "../towers-like.ts";

interface Options {
  readonly preset?: TowerPreset;
  readonly schema?: string;
  readonly embeddingDim?: number;
  readonly batchSize?: number;
  readonly epochs?: number;
  readonly settings?: string;
  readonly learningRate?: number;
  readonly findLearningRate?: boolean;
  readonly seed?: number;
  /** True where no version is named: the active one. */
  readonly warmStart?: string | true;
  readonly device: OrtDevice;
  readonly outputDir?: string;
  readonly description: string;
  readonly updateDb?: boolean;
  readonly dryRun?: boolean;
}

/**
 * `futago train`.
 *
 * @returns The command.
 */
export function trainCommand(): Command {
  const command = new Command("train")
    .description("Train a model from the database, write its bundle and register it as a candidate")
    .addOption(
      new Option(
        "--preset <name>",
        "standard (768-d), lite (64-d), or sequence and sequence-lite, which know the order of events (default: standard, or the parent's)",
      ).choices(Object.keys(towerPresets)),
    )
    .option("--schema <name>", "features: video, movielens or a JSON file (default: video, or the parent's)")
    .option(
      "--embedding-dim <n>",
      "width of the vectors (default: the preset's)",
      wholeNumber({ min: 8, max: 4096 }),
    )
    .option(
      "--warm-start [version]",
      "start from the weights of this version (default: the active one), with its features and towers",
    )
    .option("--batch-size <n>", "viewers per step", wholeNumber({ min: 1 }))
    .option("--epochs <n>", "most passes over the viewers", wholeNumber({ min: 1 }))
    .option("--learning-rate <x>", "peak learning rate", realNumber({ min: 1e-9, max: 1 }))
    .option(
      "--find-learning-rate",
      "take a few steps at rising rates, print the losses and a suggestion, and change nothing",
    )
    .option("--settings <file>", "towers and training as futago tune writes them; other options go first")
    .option("--seed <n>", "every draw follows from it (default: 42)", wholeNumber({ min: 0 }))
    .addOption(
      new Option("--device <name>", "where to compute").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .option("--output-dir <directory>", "also write models/<version>/ there, for another machine")
    .option("--description <text>", "what is different about it", "")
    .option(
      "--update-db",
      "embed the catalogue and the viewers under the new version and make it the active one",
    )
    .option("--dry-run", "read the data, check the settings, say what would be trained, and change nothing")
    .addHelpText(
      "after",
      "\nA training that is stopped goes on where it stood when the same command is run again.\n\nExamples:\n  futago train --dry-run\n  futago train --preset lite --update-db\n  futago train --warm-start --update-db\n  futago train --settings best.json --update-db\n  futago train --find-learning-rate\n  futago train --epochs 40 --seed 7 --description 'shorter' --json",
    );
  return withSharedOptions(command).action(action<Options>((context, options) => train(context, options)));
}

async function train(context: CliContext, options: Options): Promise<void> {
  const settings = await readModelSettings(options);
  await withStores(context, async (stores) => {
    const { warmStart } = options;
    const parent =
      warmStart === undefined
        ? undefined
        : await registeredBundle(stores, warmStart === true ? undefined : warmStart);
    const schema =
      options.schema === undefined && parent !== undefined
        ? parent.features.schema
        : await readFeatureSchema(options.schema ?? "video", settings.towers.preset);
    const towers = { ...(parent && towersLike(parent.manifest)), ...settings.towers };
    const training = {
      ...(parent && headsLike(parent.manifest)),
      ...settings.training,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.batchSize === undefined ? {} : { batchUsers: options.batchSize }),
      ...(options.learningRate === undefined ? {} : { learningRate: options.learningRate }),
    };
    const dataset = await datasetFromStore(stores.database.catalogue);
    const { items, people, events } = dataWindowOf(dataset);
    context.say(`${items} items, ${people} people, ${events} events`);
    const size = checkBundleSize(dataset, { schema, towers });
    const plan = { towers: size.towers, training: resolveTrainingConfig(training, schema) };
    if (options.dryRun) {
      context.say(
        `Would train ${plan.towers.preset} towers of ${plan.towers.dims} dimensions (${(size.bytes / 1e6).toFixed(1)} MB) for up to ${plan.training.epochs} epochs`,
      );
      context.result({ dryRun: true, items, people, events, modelBytes: size.bytes, ...plan });
      return;
    }
    const runtime = await createOrtRuntime({ device: options.device });
    const { progress, signal } = context;
    const fit = {
      schema,
      towers,
      training,
      signal,
      ...(parent === undefined ? {} : { warmStart: { parent } }),
    };
    if (options.findLearningRate) {
      const curve = await createTrainer({ runtime, progress }).findLearningRate(dataset, fit);
      sayRates(context, curve);
      context.result({ learningRates: curve });
      return;
    }
    const checkpoints = createFileBlobStore(resolve(context.home, "checkpoints"));
    const trainer = createTrainer({ runtime, progress, checkpoints, clock: Date });
    const model = await trainer.fit(dataset, fit);
    sayResult(context, model);
    // The recorded vectors are those of the processor, as every answer's are: a graphics card may round more coarsely.
    const recorder = options.device === "cpu" ? runtime : await createOrtRuntime();
    const deployer = await openDeployer(context, stores, { runtime: recorder, viewers: true });
    const ndcg = model.linear?.ndcg ?? model.best.ndcg;
    const metrics = ndcg === undefined ? {} : { "validation ndcg@10": ndcg };
    const { version } = await deployer.register(model, {
      dataset,
      metrics,
      description: options.description,
    });
    if (options.outputDir !== undefined) {
      await copyBundle(version, { from: stores.home, to: createFileBlobStore(resolve(options.outputDir)) });
    }
    if (options.updateDb) await deployer.promote(version);
    context.say(
      `Version ${version} is ${options.updateDb ? "active" : `a candidate: futago models promote ${version}`}`,
    );
    const { steps, seconds, best } = model;
    context.result({
      version,
      active: options.updateDb ?? false,
      metrics,
      start: model.start,
      labels: model.labels,
      ...(model.linear && { linear: model.linear }),
      bestEpoch: best.epoch,
      steps,
      trainSeconds: seconds,
    });
  });
}

async function copyBundle(version: string, { from, to }: { from: BlobStore; to: BlobStore }): Promise<void> {
  // The manifest last, as by writeBundle: before it there is no bundle.
  const manifest = `${bundlePath(version)}manifest.json`;
  const { files } = parseManifest((await from.read(manifest))!, version);
  const paths = Object.keys(files).map((file) => `${bundlePath(version)}${file}`);
  for (const path of [...paths, manifest]) await to.write(path, (await from.read(path))!);
}

function sayResult(context: CliContext, model: TrainedModel): void {
  const { start, best, steps, seconds, linear } = model;
  const { likes, bounces, bursts, notApplied } = model.labels;
  if (bounces + bursts > 0) {
    const what = model.trainingConfig.accidentalWeight === 0 ? "Left out" : "Lowered";
    context.say(
      `${what} ${bounces + bursts} of ${likes} likes as accidental: ${bounces} bounces, ${bursts} of bursts`,
    );
  }
  for (const rule of notApplied) {
    context.say(
      `So many likes are ${rule} that they were kept as they are: see bounceSeconds and burstLikes`,
    );
  }
  if (start.kind === "warm") {
    context.say(`Started warm: ${start.carriedRows} of ${start.rows} table rows from the parent`);
  }
  const found = best.ndcg === undefined ? "" : `, validation NDCG@10 ${best.ndcg.toFixed(3)}`;
  context.say(`Trained in ${(seconds ?? 0).toFixed(1)} s: ${steps} steps, best epoch ${best.epoch}${found}`);
  if (linear === undefined) return;
  const { weight, items, penalty, doubt, ndcg } = linear;
  context.say(
    `Linear part of weight ${weight} (${items} items, penalty ${penalty}), doubt ${doubt}: NDCG@10 ${ndcg.toFixed(3)}`,
  );
}
