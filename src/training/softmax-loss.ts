import { add, logSumExp, mul, reduceSum, softplus, sub, type Value } from "../graph/mod.ts";
import { logits } from "./logits.ts";
import type { LossInputs } from "./training-loss.ts";

/**
 * The negative log-likelihood summed over all positives of all viewers.
 *
 * `softmax`: Σ_u [ n_u log Σ_k e^(z_uk + o_uk) - Σ_j w_uj z_uj ], n_u = Σ_j w_uj: the multinomial likelihood of
 * Liang et al. 2018 (equation 2); with o = -log π it is the sampled estimate of it.
 * `softmax_single`: Σ_uj w_uj log(1 + e^(N_u - z_uj)), N_u = log Σ_k e^(z_uk + o_uk) over negatives alone: each positive
 * competes with negatives, not with the viewer's other positives.
 *
 * @param inputs Vectors, targets and offset.
 * @returns One number, shape [].
 */
export function softmaxLoss(inputs: LossInputs): Value {
  const { targets, offset } = inputs;
  const z = logits(inputs);
  const denominator = logSumExp(offset === undefined ? z : add(z, offset), { axis: 1, keepDims: true });
  if (inputs.training.loss === "softmax_single")
    return reduceSum(mul(targets, softplus(sub(denominator, z))));
  const counts = reduceSum(targets, { axes: [1], keepDims: true });
  return sub(reduceSum(mul(counts, denominator)), reduceSum(mul(targets, z)));
}
