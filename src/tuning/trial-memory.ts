import type { Dataset } from "../catalogue/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import { resolveTowerConfig, type SequenceConfig, towerParameters } from "../towers/mod.ts";
import { mostLinearItems, resolveTrainingConfig } from "../training/mod.ts";
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
 * in numbers of four bytes, and a session's own. Of a tower that reads a sequence B counts windows of T steps, and in place of
 * its scores and layers there are
 *
 * ```
 * scores       2 · B · T · N          each step against the N candidates of the softmax
 * blocks       B · T · (blocks · (8 · width + 2 · feedForward + 2 · heads · T) + 4 · width)
 * ```
 *
 * whose factors are small as the runtime gives back what the way back has read: fitted to the peak of processes that trained.
 *
 * A linear part is found after that: 4 · N² for its N items, where that is more.
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
  const windows = layouts.user.sequence && windowsOf(dataset, layouts.user.sequence.steps);
  const users = Math.min(training.batchUsers, windows?.count ?? dataset.people.length);
  const whole = dataset.items.length <= training.maxCandidates;
  const positives = windows?.steps ?? training.maxPositives;
  const items = Math.min(
    dataset.items.length,
    whole ? dataset.items.length : training.sampledNegatives + users * positives,
  );
  const vocabulary = (side: "item" | "user"): number =>
    layouts[side].bags
      .filter(({ role }) => role !== "id")
      .reduce((sum, { vocabulary: size }) => sum + Math.min(size, training.denseRows), 0);
  const units = (hidden: readonly number[]): number =>
    hidden.reduce((sum, width) => sum + width, towers.dims * 4);
  const ofUsers =
    windows === undefined
      ? 6 * users * items + 4 * users * units(towers.hidden)
      : users *
        windows.steps *
        (2 * (whole ? items : training.sampledNegatives) + blockNumbers(towers.sequence!, windows.steps));
  const learning =
    10 * parameters +
    ofUsers +
    2 * (users * vocabulary("user") + items * vocabulary("item")) +
    4 * items * units(towers.itemHidden);
  const columns = towers.linearDims > 0 ? Math.min(dataset.items.length, mostLinearItems) : 0;
  return sessionBytes + 4 * Math.max(learning, 2 * parameters + 4 * columns * columns);
}

/** How many windows histories are cut into, and of how many steps the longest is. */
function windowsOf(
  { offsets, people }: Dataset,
  steps: number,
): { readonly count: number; readonly steps: number } {
  let count = 0;
  let longest = 0;
  for (let person = 0; person < people.length; person++) {
    const events = offsets[person + 1]! - offsets[person]!;
    longest = Math.max(longest, events);
    count += Math.ceil(events / Math.max(1, steps - 1));
  }
  return { count, steps: Math.min(steps, longest + 1) };
}

/** Numbers that the blocks hold for one step. */
function blockNumbers({ blocks, width, feedForward, heads }: SequenceConfig, steps: number): number {
  return blocks * (8 * width + 2 * feedForward + 2 * heads * steps) + 4 * width;
}
