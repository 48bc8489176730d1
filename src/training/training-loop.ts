import { type BlobStore, type Clock, FutagoError, type ProgressTask, type Random } from "../base/mod.ts";
import type { Session } from "../onnx/mod.ts";
import { batchCount, batchOrder } from "./batch-order.ts";
import type { HardNegatives } from "./hard-negatives.ts";
import { learningRate } from "./learning-rate.ts";
import type { BatchFeeder } from "./step-feeder.ts";
import type { TrainingConfig } from "./training-config.ts";
import { saveState, type TrainingState } from "./training-state.ts";
import { runStep } from "./training-step.ts";
import type { Validator } from "./validator.ts";

/** What the loop works with. */
export interface LoopOptions {
  readonly training: TrainingConfig;
  /** People with positives. */
  readonly users: Int32Array;
  /** Batches are of similar lengths, where there are any. */
  readonly lengths?: Int32Array;
  /** Every epoch and every step forks its own stream, so that a resumed run draws what the first would have. */
  readonly random: Random;
  readonly session: Session;
  readonly feeder: BatchFeeder;
  readonly hardNegatives: HardNegatives | undefined;
  readonly validator: Validator | undefined;
  readonly task: ProgressTask;
  readonly clock: Clock | undefined;
  readonly checkpoint: { readonly blobs: BlobStore; readonly fingerprint: string } | undefined;
  /** Epochs after which to pause with a checkpoint. */
  readonly pauseAfter: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Epoch after epoch until validation stops improving or the epochs are done. Afterwards `state.best` holds the best
 * averaged weights; without validation, the last.
 *
 * @param state Where to start; changed as training goes.
 * @param options What to work with.
 * @returns Whether it is finished; false where it paused.
 * @throws FutagoError `cancelled` when stopped by the signal, after a checkpoint.
 * @throws RangeError When the loss is no longer finite.
 */
export async function runLoop(state: TrainingState, options: LoopOptions): Promise<boolean> {
  const { training, users, random, pauseAfter = training.epochs } = options;
  const { progress } = state;
  const totalSteps = training.epochs * batchCount(users.length, training.batchUsers);
  const patience = training.patience === 0 ? Number.POSITIVE_INFINITY : training.patience;
  const unfinished = (): boolean => progress.epoch < training.epochs && progress.stale < patience;
  while (unfinished() && progress.epoch < pauseAfter) {
    const batches = batchOrder(users, {
      batchUsers: training.batchUsers,
      random: random.fork(`epoch ${progress.epoch}`),
      ...(options.lengths && { lengths: options.lengths }),
    });
    while (progress.batch < batches.length) {
      await stopIfAsked(state, options);
      // Between the checkpoint of a stop and the step: whoever goes on from there looks again, by the same weights.
      if (progress.step > 0 && progress.step % training.hardRefreshSteps === 0)
        await options.hardNegatives?.refresh(state.store.averaged());
      await takeStep(state, options, { users: batches[progress.batch]!, totalSteps });
      if (progress.step % training.checkpointSteps === 0) await keep(state, options);
    }
    progress.epoch++;
    progress.batch = 0;
    const last = progress.epoch === training.epochs;
    if (progress.epoch % training.validateEvery === 0 || last) await validate(state, options, totalSteps);
  }
  // Before there are best weights for want of a validation: a run without a pause has none yet either.
  if (unfinished()) await keep(state, options);
  if (Object.keys(state.best).length === 0) state.best = copyOf(state.store.averaged());
  return !unfinished();
}

async function takeStep(
  state: TrainingState,
  options: LoopOptions,
  batch: { readonly users: Int32Array; readonly totalSteps: number },
): Promise<void> {
  const { training, random, session, feeder, task, clock } = options;
  const { progress, store } = state;
  const { step, halvings } = progress;
  const { totalSteps } = batch;
  const from = clock?.now();
  const loss = await runStep(
    { training, store, session, feeder },
    {
      users: batch.users,
      random: random.fork(`step ${step}`),
      step,
      done: step / totalSteps,
      rate: learningRate(training, { step, totalSteps, halvings }),
    },
  );
  if (!Number.isFinite(loss)) {
    throw new RangeError(
      `Cannot go on training as the loss must be finite: current value is ${loss} at step ${step + 1}; lower learningRate or set clipNorm`,
    );
  }
  progress.step++;
  progress.batch++;
  progress.lossSum += loss;
  progress.lossCount++;
  task.advance(1);
  const ndcg = progress.bestNdcg < 0 ? "" : `, best NDCG@10 ${progress.bestNdcg.toFixed(4)}`;
  const took = from === undefined ? "" : `, ${(clock!.now() - from).toFixed(0)} ms a step`;
  task.note(`epoch ${progress.epoch + 1}, loss ${loss.toFixed(4)}${ndcg}${took}`);
}

async function validate(state: TrainingState, options: LoopOptions, totalSteps: number): Promise<void> {
  const { training, validator } = options;
  const { progress, store } = state;
  const averaged = store.averaged();
  const ndcg = await validator?.measure(averaged);
  const { step, halvings } = progress;
  progress.curves.push({
    epoch: progress.epoch,
    step,
    loss: progress.lossSum / progress.lossCount,
    ndcg,
    learningRate: learningRate(training, { step, totalSteps, halvings }),
  });
  progress.lossSum = 0;
  progress.lossCount = 0;
  if (ndcg === undefined) {
    progress.bestEpoch = progress.epoch;
    return;
  }
  if (ndcg > progress.bestNdcg) {
    progress.bestNdcg = ndcg;
    progress.bestEpoch = progress.epoch;
    progress.stale = 0;
    progress.plateau = 0;
    state.best = copyOf(averaged);
    return;
  }
  progress.stale += training.validateEvery;
  progress.plateau++;
  if (progress.plateau >= training.plateauPatience) {
    progress.plateau = 0;
    progress.halvings++;
  }
}

async function stopIfAsked(state: TrainingState, options: LoopOptions): Promise<void> {
  if (options.signal?.aborted !== true) return;
  await keep(state, options);
  throw new FutagoError(
    "cancelled",
    `Cannot finish training as it was stopped after ${state.progress.step} steps: run it again to go on`,
  );
}

async function keep(state: TrainingState, { checkpoint }: LoopOptions): Promise<void> {
  if (checkpoint !== undefined) await saveState(checkpoint.blobs, checkpoint.fingerprint, state);
}

function copyOf(arrays: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, data.slice()]));
}
