import type { Value } from "../graph/mod.ts";
import { binaryLoss } from "./binary-loss.ts";
import { hingeLoss } from "./hinge-loss.ts";
import type { ScoreInputs } from "./logits.ts";
import type { LossConfig, LossName } from "./loss-config.ts";
import { softmaxLoss } from "./softmax-loss.ts";

/** What the loss of a step is made of. */
export interface LossInputs extends ScoreInputs {
  /** [users, candidates]: what each positive counts. */
  readonly targets: Value;
  /** [users, candidates]: the log of how many items a candidate stands for among the negatives; 0 for all if undefined. */
  readonly offset: Value | undefined;
  /** Share of all negatives that are drawn, over 0 up to 1. */
  readonly samplingRate: number;
  readonly training: Pick<LossConfig, "gbceCalibration" | "hingeMargin" | "hingeNegativeWeight" | "loss">;
}

const losses: Readonly<Record<LossName, (inputs: LossInputs) => Value>> = {
  softmax: softmaxLoss,
  softmax_single: softmaxLoss,
  gbce: binaryLoss,
  bce: binaryLoss,
  hinge: hingeLoss,
};

/**
 * The configured loss, summed over all positives of all viewers.
 *
 * @param inputs Vectors, targets and offset.
 * @returns One number, shape [].
 */
export function trainingLoss(inputs: LossInputs): Value {
  return losses[inputs.training.loss](inputs);
}
