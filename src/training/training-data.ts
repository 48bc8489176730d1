import type { Csr } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import {
  type EncodedRows,
  encodeItems,
  encodeUsers,
  type FittedFeatures,
  historiesOf,
} from "../features/mod.ts";
import type { LabelCounts } from "./accidental-likes.ts";
import { readAvailability } from "./availability.ts";
import { fittingBatch } from "./batch-order.ts";
import { type CandidateSource, candidateSource } from "./candidates.ts";
import { readPreferences } from "./positives.ts";
import type { TrainingConfig } from "./training-config.ts";

/** A dataset made ready for training. */
export interface TrainingData {
  /** The whole catalogue. */
  readonly items: EncodedRows;
  /** People with positives. */
  readonly users: Int32Array;
  readonly candidates: CandidateSource;
  /** What each person of the dataset took. */
  readonly positives: Csr;
  /** What was taken for accidental. */
  readonly labels: LabelCounts;
  /** The dense block of everybody, which no dropout changes. */
  readonly denseUsers: Float32Array;
  /** The configuration with the batch that fits the number of viewers. */
  readonly training: TrainingConfig;
}

/**
 * Reads everything that training needs from a dataset, once.
 *
 * @param dataset What is trained on.
 * @param options Fitted features and the configuration.
 * @returns The data.
 * @throws RangeError When nobody likes anything.
 */
export function readTrainingData(
  dataset: Dataset,
  { features, training: asked }: { features: FittedFeatures; training: TrainingConfig },
): TrainingData {
  const preferences = readPreferences(dataset, asked);
  const { offsets } = preferences.positives;
  const users = Int32Array.from(dataset.people.keys()).filter((p) => offsets[p + 1]! > offsets[p]!);
  if (users.length === 0) {
    throw new RangeError(
      "Cannot train as at least one person must have liked something: import events first",
    );
  }
  const training: TrainingConfig = { ...asked, batchUsers: fittingBatch(users.length, asked) };
  const candidates = candidateSource(preferences, {
    items: dataset.items.length,
    users,
    config: training,
    ...(training.loss === "bce" && { availability: readAvailability(dataset, preferences.positives) }),
  });
  const items = encodeItems(features, dataset.items);
  const everyone = historiesOf(dataset, Int32Array.from(dataset.people.keys()));
  // Bags are not wanted here, and hiding every event makes them cheap.
  const keep = new Uint8Array(everyone.item.length);
  const denseUsers =
    features.userLayout.denseWidth === 0
      ? new Float32Array(0)
      : encodeUsers(features, everyone, { items, keep }).dense;
  return {
    items,
    users,
    candidates,
    positives: preferences.positives,
    denseUsers,
    training,
    labels: preferences.labels,
  };
}
