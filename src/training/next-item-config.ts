import type { FeatureSchemaInput } from "../features/mod.ts";
import type { TrainingConfig, TrainingOptions } from "./training-config.ts";

/**
 * What differs from `trainingDefaults` where the next item is learned at every step of a sequence. A batch is of windows,
 * each with up to 200 targets, and attention wants a gentler optimiser than sums do. Tuned on the validation part of
 * MovieLens-1M, leave-one-out.
 */
export const nextItemDefaults: TrainingOptions = Object.freeze({
  loss: "softmax",
  batchUsers: 64,
  epochs: 30,
  learningRate: 2e-3,
  schedule: "cosine",
  warmupSteps: 100,
  weightDecay: 0.01,
  averaging: 0.99,
  validateEvery: 1,
  maxCandidates: 1024,
  sampledNegatives: 512,
  popularShare: 0.5,
  hardShare: 0,
  newViewerShare: 0,
});

/** Whether towers that read a schema know order. */
export function hasSequence(schema: FeatureSchemaInput): boolean {
  return schema.user.some(({ kind }) => kind === "sequence");
}

/**
 * Refuses what learning the next item does not know.
 *
 * @param training The configuration.
 * @throws RangeError When it asks for another loss, hard negatives, feature dropout, heads or weights of refused items.
 */
export function checkNextItem(training: TrainingConfig): void {
  const hold = (name: keyof TrainingConfig, rule: string, holds: boolean): void => {
    if (holds) return;
    throw new RangeError(
      `Cannot train a sequence as ${name} must ${rule}: current value is ${JSON.stringify(training[name])}`,
    );
  };
  hold("loss", "be softmax or gbce", training.loss === "softmax" || training.loss === "gbce");
  hold("hardShare", "be 0", training.hardShare === 0);
  hold("nopeWeight", "be 1", training.nopeWeight === 1);
  hold("newViewerShare", "be 0", training.newViewerShare === 0);
  hold("popularityDiscount", "be 0", training.popularityDiscount === 0);
  hold("featureDropout", "name no feature", Object.keys(training.featureDropout).length === 0);
  for (const head of ["likeHeadWeight", "watchHeadWeight", "nopeHeadWeight"] as const) {
    hold(head, "be 0", training[head] === 0);
  }
}
