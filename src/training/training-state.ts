import { type BlobStore, FutagoError, isFutagoError } from "../base/mod.ts";
import { type Checkpoint, type CheckpointArray, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { ParameterStore } from "./parameter-store.ts";
import type { CurvePoint } from "./trained-model.ts";

/** Where training stands, beside the parameters. Together they decide everything that comes after. */
export interface TrainingProgress {
  epoch: number;
  /** Batches done of the epoch. */
  batch: number;
  /** Steps done in all. */
  step: number;
  /** Sum of the losses, and their number, since the last curve point. */
  lossSum: number;
  lossCount: number;
  /** Validations since the last improvement, for stopping and for halving the rate. */
  stale: number;
  plateau: number;
  halvings: number;
  bestNdcg: number;
  bestEpoch: number;
  curves: CurvePoint[];
}

/** The progress before the first step. */
export function freshProgress(): TrainingProgress {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    lossSum: 0,
    lossCount: 0,
    stale: 0,
    plateau: 0,
    halvings: 0,
    bestNdcg: -1,
    bestEpoch: 0,
    curves: [],
  };
}

/** What a checkpoint is made of and restored into. */
export interface TrainingState {
  readonly progress: TrainingProgress;
  readonly store: ParameterStore;
  /** How often each item was found as a hard negative; undefined where none are drawn. */
  readonly mined?: Float32Array;
  /** The best weights so far, by parameter name; empty before the first validation. */
  best: Record<string, Float32Array>;
}

const pathOf = (fingerprint: string): string => `checkpoints/${fingerprint.slice(0, 32)}.bin`;

/**
 * Keeps where training stands.
 *
 * @param blobs Where to.
 * @param fingerprint What the state belongs to.
 * @param state The state between two steps.
 */
export async function saveState(blobs: BlobStore, fingerprint: string, state: TrainingState): Promise<void> {
  const best = Object.entries(state.best).map(
    ([name, data]): CheckpointArray => ({ name: `best/${name}`, data }),
  );
  // undefined does not survive JSON; null does.
  const facts = JSON.parse(JSON.stringify({ progress: state.progress })) as Checkpoint["facts"];
  const arrays = [...arraysOf(state), ...best];
  await blobs.write(pathOf(fingerprint), encodeCheckpoint({ fingerprint, facts, arrays }));
}

/**
 * Puts back where training stood.
 *
 * @param blobs Where from.
 * @param fingerprint What the state must belong to.
 * @param state A fresh state, filled in.
 * @returns Whether there was a checkpoint; a damaged one counts as none, for the run it would have saved can be made again.
 * @throws FutagoError `checkpoint_mismatch` when a sound checkpoint does not fit the model.
 */
export async function restoreState(
  blobs: BlobStore,
  fingerprint: string,
  state: TrainingState,
): Promise<boolean> {
  const bytes = await blobs.read(pathOf(fingerprint));
  if (bytes === undefined) return false;
  let checkpoint: Checkpoint;
  try {
    checkpoint = decodeCheckpoint(bytes);
  } catch (error) {
    if (isFutagoError(error) && error.code === "checkpoint_mismatch") return false;
    throw error;
  }
  const kept = new Map(checkpoint.arrays.map(({ name, data }) => [name, data]));
  const arrays = arraysOf(state);
  if (
    checkpoint.fingerprint !== fingerprint ||
    arrays.some(({ name, data }) => kept.get(name)?.length !== data.length)
  ) {
    throw new FutagoError(
      "checkpoint_mismatch",
      `Cannot resume as the checkpoint must be of this model: remove "${pathOf(fingerprint)}" to start again`,
    );
  }
  for (const { name, data } of arrays) data.set(kept.get(name)!);
  for (const { name, data } of checkpoint.arrays) {
    if (name.startsWith("best/")) state.best[name.slice(5)] = data as Float32Array;
  }
  const progress = checkpoint.facts["progress"] as TrainingProgress;
  const curves = progress.curves.map((point) => ({ ...point, ndcg: point.ndcg ?? undefined }));
  Object.assign(state.progress, progress, { curves });
  state.store.resume(progress.step);
  return true;
}

function arraysOf({ store, mined }: TrainingState): readonly CheckpointArray[] {
  return [...store.arrays(), ...(mined === undefined ? [] : [{ name: "hard_negatives", data: mined }])];
}

/** Removes what a finished training kept. */
export async function removeState(blobs: BlobStore, fingerprint: string): Promise<void> {
  await blobs.remove(pathOf(fingerprint));
}
