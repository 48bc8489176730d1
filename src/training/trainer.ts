import {
  type BlobStore,
  type Clock,
  createRandom,
  type Progress,
  type Random,
  silentProgress,
} from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { encodeItems, type FeatureSchemaInput, fitFeatures } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import {
  exportTower,
  initialWeights,
  resolveTowerConfig,
  type TowerOptions,
  towerParameters,
} from "../towers/mod.ts";
import { planBags } from "./bag-plan.ts";
import { batchCount } from "./batch-order.ts";
import { FeatureDropout } from "./feature-dropout.ts";
import { trainingFingerprint } from "./fingerprint.ts";
import { openHardNegatives } from "./hard-negatives.ts";
import { ParameterStore } from "./parameter-store.ts";
import { StepFeeder } from "./step-feeder.ts";
import { emitStep } from "./step-graph.ts";
import type { TrainedModel } from "./trained-model.ts";
import { resolveTrainingConfig, type TrainingConfig, type TrainingOptions } from "./training-config.ts";
import { readTrainingData } from "./training-data.ts";
import { runLoop } from "./training-loop.ts";
import { freshProgress, removeState, restoreState, type TrainingState } from "./training-state.ts";
import { holdOut, type ValidationSet } from "./validation-set.ts";
import { createValidator } from "./validator.ts";
import { startWarm, type WarmStart } from "./warm-start.ts";

/** What a trainer works with. */
export interface TrainerOptions {
  readonly runtime: Runtime;
  /** @default nothing is reported */
  readonly progress?: Progress;
  /** Where checkpoints are kept; without it a stopped training starts again. */
  readonly checkpoints?: BlobStore;
  /** For the step rate and the time taken; nothing that is learned depends on it. */
  readonly clock?: Clock;
}

/** What is trained, and how. */
export interface FitOptions {
  readonly schema: FeatureSchemaInput;
  /** @default the preset `standard` */
  readonly towers?: TowerOptions;
  readonly training?: TrainingOptions;
  /**
   * Towers to start from instead of fresh weights. Features are fitted anew all the same, and the optimiser starts as it
   * always does. What the parent was trained on it knows: a validation set from among it is found too easily.
   */
  readonly warmStart?: WarmStart;
  /**
   * Viewers to stop by, who must not be in the dataset; `"none"` to train all epochs on everybody.
   * @default a share of the viewers is held out, see `validationShare`
   */
  readonly validation?: ValidationSet | "none";
  /**
   * Epochs, of `training.epochs`, after which it pauses with a checkpoint: the model so far comes back, `finished` false,
   * and the same call with more epochs, or without a pause, goes on to what training without a pause gives.
   */
  readonly pauseAfter?: number;
  /** Stops between two steps; with a checkpoint store the same call goes on later. */
  readonly signal?: AbortSignal;
}

/** Trains pairs of towers. */
export interface Trainer {
  /**
   * Trains on a dataset; where a checkpoint of the same training exists, goes on from it and gives what the
   * uninterrupted training would have given, bit for bit.
   *
   * @throws FutagoError `cancelled` when stopped by the signal.
   * @throws RangeError When the dataset has no likes, a setting is out of range, the loss runs away, the parent of
   * `warmStart` has another schema or shape, or it should pause where no checkpoints are kept.
   */
  fit(dataset: Dataset, options: FitOptions): Promise<TrainedModel>;
}

/**
 * A trainer on a runtime.
 *
 * @param options The runtime, and where to report and keep checkpoints.
 * @returns The trainer.
 *
 * @example
 * ```ts
 * import { createTrainer, videoSchema } from "futago";
 * import { createOrtRuntime } from "futago/ort-node";
 *
 * const trainer = createTrainer({ runtime: await createOrtRuntime() });
 * const model = await trainer.fit(dataset, { schema: videoSchema, towers: { preset: "lite" } });
 * model.best.ndcg;
 * ```
 */
export function createTrainer(options: TrainerOptions): Trainer {
  return { fit: (dataset, fitOptions) => trainTowers(options, dataset, fitOptions) };
}

async function trainTowers(
  trainer: TrainerOptions,
  dataset: Dataset,
  options: FitOptions,
): Promise<TrainedModel> {
  const { runtime, clock, checkpoints } = trainer;
  const { pauseAfter } = options;
  if (pauseAfter !== undefined && (checkpoints === undefined || !(pauseAfter >= 1))) {
    throw new RangeError(
      `Cannot pause training as that takes a store of checkpoints and at least one epoch: current value is ${pauseAfter} epochs, ${checkpoints === undefined ? "without" : "with"} a store`,
    );
  }
  const started = clock?.now();
  const progress = trainer.progress ?? silentProgress;
  const asked = resolveTrainingConfig(options.training);
  const random = createRandom(asked.seed);
  const { train, validation } = divide(dataset, { options, training: asked, random });
  const features = fitFeatures(options.schema, train);
  const data = readTrainingData(train, { features, training: asked });
  const { training } = data;
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const config = resolveTowerConfig(options.towers, layouts);
  const parameters = towerParameters(config, layouts);
  const plans = planBags({
    layouts,
    items: data.items,
    candidates: data.candidates.fixed,
    denseRows: training.denseRows,
  });
  const { warmStart } = options;
  const initial = initialWeights(config, { parameters, random: random.fork("weights") });
  const start = warmStart && startWarm(initial, { warmStart, features, parameters });
  const hardNegatives = await openHardNegatives(runtime, {
    ...data,
    config,
    features,
    dataset: train,
    random: random.fork("hard negatives"),
  });
  const state: TrainingState = {
    progress: freshProgress(),
    ...(hardNegatives && { mined: hardNegatives.mined }),
    store: new ParameterStore(initial, { parameters, plans, averaging: training.averaging }),
    best: {},
  };
  const fingerprint =
    checkpoints === undefined
      ? undefined
      : trainingFingerprint({
          dataset: train,
          features,
          towers: config,
          training,
          validation,
          parent: start?.kind === "warm" ? warmStart!.parent : undefined,
        });
  if (checkpoints !== undefined && (await restoreState(checkpoints, fingerprint!, state)))
    hardNegatives?.restored();

  const onnx = emitStep({
    towers: config,
    training,
    layouts,
    parameters,
    plans,
    candidates: data.candidates.fixed?.length,
    hasOffset: data.candidates.hasOffset,
    samplingRate: data.candidates.samplingRate,
  });
  const session = await runtime.load(onnx, { name: "training step" });
  const validator =
    validation === undefined
      ? undefined
      : await createValidator(runtime, {
          config,
          features,
          items: validation.items === undefined ? data.items : encodeItems(features, validation.items),
          set: validation,
          denseRows: training.denseRows,
        });
  const feeder = new StepFeeder({
    dataset: train,
    features,
    items: data.items,
    towers: config,
    training,
    featureDropout: new FeatureDropout(training.featureDropout, { features, items: data.items }),
    parameters,
    plans,
    candidates: data.candidates,
    denseUsers: data.denseUsers,
  });
  const total = training.epochs * batchCount(data.users.length, training.batchUsers);
  const task = progress.start("Training", total);
  let finished: boolean;
  try {
    task.advance(state.progress.step);
    finished = await runLoop(state, {
      training,
      users: data.users,
      random: random.fork("loop"),
      session,
      feeder,
      hardNegatives,
      validator,
      task,
      clock,
      checkpoint: checkpoints === undefined ? undefined : { blobs: checkpoints, fingerprint: fingerprint! },
      pauseAfter,
      signal: options.signal,
    });
  } finally {
    task.done();
    await session.close();
    await validator?.close();
    await hardNegatives?.close();
  }
  if (finished && checkpoints !== undefined) await removeState(checkpoints, fingerprint!);
  const weights = state.best;
  return {
    kind: "trained_model",
    features,
    towerConfig: config,
    trainingConfig: training,
    userOnnx: exportTower("user", { config, layouts, weights }),
    itemOnnx: exportTower("item", { config, layouts, weights }),
    weights,
    start: start ?? { kind: "fresh" },
    curves: state.progress.curves,
    best: {
      epoch: state.progress.bestEpoch,
      ndcg: state.progress.bestNdcg < 0 ? undefined : state.progress.bestNdcg,
    },
    steps: state.progress.step,
    finished,
    seconds: started === undefined ? undefined : (clock!.now() - started) / 1000,
    labels: data.labels,
    trainedUsers: data.users.length,
    trainedItems: data.candidates.fixed?.length ?? data.items.rows,
  };
}

function divide(
  dataset: Dataset,
  { options, training, random }: { options: FitOptions; training: TrainingConfig; random: Random },
): { readonly train: Dataset; readonly validation: ValidationSet | undefined } {
  if (options.validation === "none") return { train: dataset, validation: undefined };
  if (options.validation !== undefined) return { train: dataset, validation: options.validation };
  return holdOut(dataset, { share: training.validationShare, random: random.fork("validation") });
}
