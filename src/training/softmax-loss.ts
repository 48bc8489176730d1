import {
  add,
  exp,
  logSumExp,
  matMul,
  mul,
  neg,
  reduceSum,
  reshape,
  softplus,
  sub,
  transpose,
  type Value,
} from "../graph/mod.ts";
import type { ItemOutput } from "../towers/mod.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What the loss of a step is made of. */
export interface SoftmaxLossInputs {
  /** [users, dims - 2], unit length. */
  readonly user: Value;
  readonly item: Pick<ItemOutput, "direction" | "bias">;
  /** [1, 1]. */
  readonly logTemperature: Value;
  /** [users, candidates]: what each positive counts. */
  readonly targets: Value;
  /** [users, candidates], added to the logits of the denominator. */
  readonly offset: Value | undefined;
  readonly loss: TrainingConfig["loss"];
}

/**
 * The logits z_uj = (u · v_j + c_j) / τ.
 *
 * @param parts User and item vectors, bias, and log τ.
 * @returns [users, candidates].
 */
export function logits(parts: Pick<SoftmaxLossInputs, "user" | "item" | "logTemperature">): Value {
  const sharpness = exp(neg(parts.logTemperature));
  // The factor goes to the smaller operands: a pass over users × candidates is saved.
  const cosine = matMul(mul(parts.user, sharpness), parts.item.direction, { transposeB: true });
  if (parts.item.bias === undefined) return cosine;
  return add(cosine, mul(transpose(parts.item.bias), sharpness));
}

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
export function softmaxLoss(inputs: SoftmaxLossInputs): Value {
  const { targets, offset } = inputs;
  const z = logits(inputs);
  const denominator = logSumExp(offset === undefined ? z : add(z, offset), { axis: 1, keepDims: true });
  if (inputs.loss === "softmax_single") return reduceSum(mul(targets, softplus(sub(denominator, z))));
  const counts = reduceSum(targets, { axes: [1], keepDims: true });
  return sub(reduceSum(mul(counts, denominator)), reduceSum(mul(targets, z)));
}

/** A [1, 1] value as a scalar. */
export function asScalar(value: Value): Value {
  return reshape(value, []);
}
