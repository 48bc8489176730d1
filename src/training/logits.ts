import { add, exp, matMul, mul, neg, transpose, type Value } from "../graph/mod.ts";
import type { ItemOutput } from "../towers/mod.ts";

/** The vectors that a step compares. */
export interface ScoreInputs {
  /** [users, dims - 2], unit length. */
  readonly user: Value;
  readonly item: Pick<ItemOutput, "direction" | "bias">;
  /** [1, 1]. */
  readonly logTemperature: Value;
  /** [1, candidates], added to the logits of each; serving does not know of it. */
  readonly adjustment?: Value | undefined;
}

/**
 * The scores s_uj = u · v_j + c_j, on the scale of a cosine.
 *
 * @param parts User and item vectors and bias.
 * @returns [users, candidates].
 */
export function cosines(parts: Pick<ScoreInputs, "user" | "item">): Value {
  const cosine = matMul(parts.user, parts.item.direction, { transposeB: true });
  return parts.item.bias === undefined ? cosine : add(cosine, transpose(parts.item.bias));
}

/**
 * The logits z_uj = (u · v_j + c_j) / τ + a_j.
 *
 * @param parts User and item vectors, bias, log τ, and the adjustment a.
 * @returns [users, candidates].
 */
export function logits(parts: ScoreInputs): Value {
  const sharpness = exp(neg(parts.logTemperature));
  // The factor goes to the smaller operands: a pass over users × candidates is saved.
  const cosine = matMul(mul(parts.user, sharpness), parts.item.direction, { transposeB: true });
  const ofItems: Value[] = [];
  if (parts.item.bias !== undefined) ofItems.push(mul(transpose(parts.item.bias), sharpness));
  if (parts.adjustment !== undefined) ofItems.push(parts.adjustment);
  // One row, before it meets users × candidates.
  return ofItems.length === 0
    ? cosine
    : add(
        cosine,
        ofItems.reduce((sum, row) => add(sum, row)),
      );
}
