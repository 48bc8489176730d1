import { add, exp, mul, reduceSum, softplus, sub, type Value } from "../graph/mod.ts";
import { logits } from "./logits.ts";
import type { LossInputs } from "./training-loss.ts";

/**
 * The power that gBCE gives to the positive's probability (Petrov & Macdonald 2023, "gSASRec", equation 10):
 *
 * β = α (t (1 - 1/α) + 1/α), so that β = 1 at t = 0, plain cross-entropy, and β = α at t = 1, where the probabilities are
 * those of a training over all negatives.
 *
 * @param samplingRate α, the share of all negatives that are drawn, over 0 up to 1.
 * @param calibration t, 0-1.
 * @returns From α to 1.
 */
export function gbcePower(samplingRate: number, calibration: number): number {
  return samplingRate * (calibration * (1 - 1 / samplingRate) + 1 / samplingRate);
}

/**
 * Each positive and each negative a question of its own, "taken or not", with σ(z) for an answer. A candidate stands
 * for e^(o_uk) items that were not drawn.
 *
 * `gbce`: Σ_u [ Σ_j -w_uj log σ^β(z_uj) - α Σ_k e^(o_uk) log(1 - σ(z_uk)) ] (Petrov & Macdonald 2023, equation 9). With
 * o = -log π the inner sum estimates the one over the whole catalogue, whatever the negatives were drawn by, and α
 * brings it to what k = α (items - 1) uniform negatives give, which is the paper's. Its factor 1/(k + 1) is left out: the
 * optimiser does not see it. The paper has one positive at a time; here all of a viewer's share their negatives. Brought by
 * each anew, an item that was not taken weighed as much as all that were, and nothing was learned but popularity (docs/training.md).
 * `bce`: Σ_uj w_uj [ -log σ(z_uj) ] - Σ_uk e^(o_uk) log(1 - σ(z_uk)), e^(o_uk) being how often k was drawn for the
 * positives of u.
 *
 * @param inputs Vectors, targets and offset.
 * @returns One number, shape [].
 */
export function binaryLoss(inputs: LossInputs): Value {
  const { targets, offset, samplingRate, training } = inputs;
  const z = logits(inputs);
  // -log(1 - σ(z)) = softplus(z) and -log σ(z) = softplus(z) - z: one pass for both.
  const refusal = softplus(z);
  const standsFor = offset === undefined ? undefined : exp(offset);
  if (training.loss === "bce") {
    const weights = standsFor === undefined ? targets : add(targets, standsFor);
    return sub(reduceSum(mul(weights, refusal)), reduceSum(mul(targets, z)));
  }
  const beta = gbcePower(samplingRate, training.gbceCalibration);
  const negatives = reduceSum(standsFor === undefined ? refusal : mul(standsFor, refusal));
  const positives = sub(reduceSum(mul(targets, refusal)), reduceSum(mul(targets, z)));
  return add(mul(positives, beta), mul(negatives, samplingRate));
}
