import type { Dataset } from "../catalogue/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import { resolveTowerConfig, towerParameters } from "../towers/mod.ts";
import { resolveTrainingConfig } from "../training/mod.ts";
import type { ModelSettings } from "./model-settings.ts";

/** What training works on. */
export interface TrialData {
  readonly dataset: Dataset;
  readonly features: FittedFeatures;
}

/** What a session takes before it holds a number: its graph, its kernels, its arena. */
const sessionBytes = 96 * 2 ** 20;

/**
 * What training takes at its peak, reckoned from its settings: an estimate to divide memory by, not a measurement.
 *
 * ```
 * parameters  10 · P                  two buffers of weights, two moments, their average, the best of it; gradients; what
 *                                     the binding copies
 * scores       6 · B · C              B viewers against C candidates: logits, softmax, masks, and their gradients
 * bags         2 · (B + C) · V        multi-hot matrices over vocabularies, and their copies
 * layers       4 · (B + C) · units    activations and their gradients
 * ```
 *
 * in numbers of four bytes, and a session's own.
 *
 * @param settings Towers and training.
 * @param data What they are trained on.
 * @returns Bytes.
 * @throws RangeError When the settings do not fit each other.
 */
export function estimateTrainingBytes(settings: ModelSettings, { dataset, features }: TrialData): number {
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const towers = resolveTowerConfig(settings.towers, layouts);
  const training = resolveTrainingConfig(settings.training, features.schema);
  const parameters = towerParameters(towers, layouts).reduce((sum, { shape: [r, c] }) => sum + r * c, 0);
  const users = Math.min(training.batchUsers, dataset.people.length);
  const items = Math.min(
    dataset.items.length,
    dataset.items.length <= training.maxCandidates
      ? dataset.items.length
      : training.sampledNegatives + users * training.maxPositives,
  );
  const vocabulary = (side: "item" | "user"): number =>
    layouts[side].bags
      .filter(({ role }) => role !== "id")
      .reduce((sum, { vocabulary: size }) => sum + Math.min(size, training.denseRows), 0);
  const units = (hidden: readonly number[]): number =>
    hidden.reduce((sum, width) => sum + width, towers.dims * 4);
  const numbers =
    10 * parameters +
    6 * users * items +
    2 * (users * vocabulary("user") + items * vocabulary("item")) +
    4 * (users * units(towers.hidden) + items * units(towers.itemHidden));
  return sessionBytes + 4 * numbers;
}
