import { type BlobStore, type Clock, type Progress, silentProgress } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { type EncodedRows, encodeItems, tasteFields } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { exportTower, type Weights } from "../towers/mod.ts";
import { batchCount } from "./batch-order.ts";
import { exportHeads } from "./export-heads.ts";
import { trainingFingerprint } from "./fingerprint.ts";
import type { FitOptions } from "./fit-options.ts";
import {
  type LearningRateCurve,
  type RateSweep,
  resolveSweep,
  sweepLearningRate,
} from "./learning-rate-finder.ts";
import { fitLinearPart, type LinearReport, noLinearPart } from "./linear-part.ts";
import { type PreparedTraining, prepareTraining } from "./prepare-training.ts";
import { activeTasks } from "./task-heads.ts";
import type { TrainedModel } from "./trained-model.ts";
import { runLoop } from "./training-loop.ts";
import { freshProgress, removeState, restoreState, type TrainingState } from "./training-state.ts";
import { createValidator } from "./validator.ts";

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

  /**
   * Sweeps the learning rate on the step that {@link Trainer.fit} would take, from the same start, and keeps nothing: no
   * model, no checkpoint.
   *
   * @throws FutagoError `cancelled` when stopped by the signal.
   * @throws RangeError As {@link Trainer.fit}, or when the sweep's range is none.
   */
  findLearningRate(dataset: Dataset, options: FitOptions & RateSweep): Promise<LearningRateCurve>;
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
  return {
    fit: (dataset, fitOptions) => trainTowers(options, dataset, fitOptions),
    findLearningRate: (dataset, fitOptions) => findLearningRate(options, dataset, fitOptions),
  };
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
  const prepared = await prepareTraining(runtime, { dataset, options });
  const { random, train, validation, features, items, training, config, layouts, store } = prepared;
  const { served, start, hardNegatives, feeder } = prepared;
  const state: TrainingState = {
    progress: freshProgress(),
    ...(hardNegatives && { mined: hardNegatives.mined }),
    store,
    best: {},
  };
  const fingerprint =
    checkpoints === undefined
      ? undefined
      : trainingFingerprint({
          dataset: train,
          features,
          towers: served,
          training,
          validation,
          parent: start.kind === "warm" ? options.warmStart!.parent : undefined,
        });
  if (checkpoints !== undefined && (await restoreState(checkpoints, fingerprint!, state)))
    hardNegatives?.restored();

  const ranked = validation?.items === undefined ? items : encodeItems(features, validation.items);
  const session = await runtime.load(prepared.onnx, { name: "training step" });
  const validator =
    validation === undefined
      ? undefined
      : await createValidator(runtime, {
          config,
          features,
          items: ranked,
          set: validation,
          denseRows: training.denseRows,
        });
  const total = training.epochs * batchCount(prepared.users.length, training.batchUsers);
  const task = progress.start("Training", total);
  let finished: boolean;
  try {
    task.advance(state.progress.step);
    finished = await runLoop(state, {
      training,
      users: prepared.users,
      ...(prepared.lengths && { lengths: prepared.lengths }),
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
  const part = await linearPart(runtime, {
    prepared,
    ranked,
    learned: state.best,
    finished,
    progress,
    signal: options.signal,
  });
  if (finished && checkpoints !== undefined) await removeState(checkpoints, fingerprint!);
  const weights = { ...state.best, ...part?.weights };
  return {
    kind: "trained_model",
    features,
    towerConfig: served,
    trainingConfig: training,
    userOnnx: exportTower("user", { config: served, layouts, weights }),
    itemOnnx: exportTower("item", { config: served, layouts, weights }),
    heads: exportHeads(weights, { towers: served, training }),
    weights,
    linear: part?.report,
    start,
    curves: state.progress.curves,
    best: {
      epoch: state.progress.bestEpoch,
      ndcg: state.progress.bestNdcg < 0 ? undefined : state.progress.bestNdcg,
    },
    steps: state.progress.step,
    finished,
    seconds: started === undefined ? undefined : (clock!.now() - started) / 1000,
    labels: prepared.labels,
    trainedUsers: prepared.trainedUsers,
    trainedItems: prepared.trainedItems,
  };
}

/** Values of δ that are tried: none, and what was best on MovieLens-1M; more would fit the few viewers of small data. */
const doubtsTried = [0, 2];

/** Of a training that paused, or without viewers to choose its weight by, a part that adds nothing. */
async function linearPart(
  runtime: Runtime,
  of: {
    readonly prepared: PreparedTraining;
    /** What the validation set ranks. */
    readonly ranked: EncodedRows;
    readonly learned: Weights;
    readonly finished: boolean;
    readonly progress: Progress;
    readonly signal: AbortSignal | undefined;
  },
): Promise<{ readonly weights: Weights; readonly report?: LinearReport } | undefined> {
  const { config, served, features, items, positives, training, validation, random } = of.prepared;
  if (positives === undefined) return undefined;
  // The closed form knows of no discount, and would give back to what is liked most what the towers were taught to spare.
  if (!of.finished || validation === undefined || training.popularityDiscount > 0)
    return { weights: noLinearPart(served, features) };
  const task = of.progress.start("Fitting the linear part", 1);
  try {
    return await fitLinearPart(runtime, {
      ...{ config, served, features, positives, set: validation, weights: of.learned },
      items: { train: items, validation: of.ranked },
      denseRows: training.denseRows,
      // Heads read directions as long as they were trained. And what is declared is in the direction, too: of a viewer with a taste
      // and no likes more is known than likes tell.
      doubts: activeTasks(training).length > 0 || tasteFields(features.schema).length > 0 ? [0] : doubtsTried,
      random: random.fork("linear part"),
      signal: of.signal,
    });
  } finally {
    task.done();
  }
}

async function findLearningRate(
  trainer: TrainerOptions,
  dataset: Dataset,
  options: FitOptions & RateSweep,
): Promise<LearningRateCurve> {
  const sweep = resolveSweep(options);
  const prepared = await prepareTraining(trainer.runtime, { dataset, options });
  const session = await trainer.runtime.load(prepared.onnx, { name: "training step" });
  const task = (trainer.progress ?? silentProgress).start("Sweeping the learning rate", sweep.steps);
  try {
    return await sweepLearningRate(sweep, { ...prepared, session, task, signal: options.signal });
  } finally {
    task.done();
    await session.close();
    await prepared.hardNegatives?.close();
  }
}
