import { add, div, exp, mul, reduceMean, reduceSum, relu, sub, type Value } from "../graph/mod.ts";
import { cosines } from "./logits.ts";
import type { LossInputs } from "./training-loss.ts";

/**
 * The contrastive hinge with a margin, of vectors of unit length: positives are drawn to 1, negatives pushed below m.
 *
 * Σ_uj w_uj ( [1 - s_uj]₊ + μ Σ_k e^(o_uk) [s_uk - m]₊ / Σ_k e^(o_uk) ), with s the score on the scale of a cosine: the
 * cosine contrastive loss of Mao et al. 2021 ("SimpleX", equation 1) after Hadsell et al. 2006. The mean over negatives
 * has weights as they stand for what was not drawn. The temperature has no part in it.
 *
 * @param inputs Vectors, targets and offset.
 * @returns One number, shape [].
 */
export function hingeLoss(inputs: LossInputs): Value {
  const { targets, offset, training } = inputs;
  const s = cosines(inputs);
  const over = relu(sub(s, training.hingeMargin));
  const rows = { axes: [1], keepDims: true } as const;
  let mean: Value;
  if (offset === undefined) mean = reduceMean(over, rows);
  else {
    const standsFor = exp(offset);
    mean = div(reduceSum(mul(standsFor, over), rows), add(reduceSum(standsFor, rows), 1e-12));
  }
  const counts = reduceSum(targets, rows);
  const positives = reduceSum(mul(targets, relu(sub(1, s))));
  return add(positives, mul(reduceSum(mul(counts, mean)), training.hingeNegativeWeight));
}
