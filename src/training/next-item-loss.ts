import {
  add,
  equal,
  exp,
  gather,
  log,
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
  where,
} from "../graph/mod.ts";
import type { ItemOutput } from "../towers/mod.ts";
import { gbcePower } from "./binary-loss.ts";

/** What the loss of a step over sequences is made of. */
export interface NextItemLossInputs {
  /** States of viewers at the steps that have a target, [targets, width]. */
  readonly states: Value;
  /** W of the user tower's output, [width, dims - 2]. */
  readonly output: Value;
  readonly item: Pick<ItemOutput, "direction" | "bias">;
  /** [1, 1]. */
  readonly logTemperature: Value;
  /** Which candidate came next, [targets] of int32. */
  readonly targets: Value;
  /** What each target counts, [targets, 1]. */
  readonly weights: Value;
  /** Drawn candidates; absent: all are scored. */
  readonly negatives: DrawnNegatives | undefined;
  /** Present: gBCE instead of softmax. */
  readonly gbce?: {
    /** α, the share of all negatives that are drawn, over 0 up to 1. */
    readonly samplingRate: number;
    /** t, 0-1. */
    readonly calibration: number;
  };
}

/** Candidates that every target of a step competes with. */
export interface DrawnNegatives {
  /** Which candidates, [negatives] of int32; one may come twice. */
  readonly rows: Value;
  /** log of how often each was to be expected, draws · q_j: [1, negatives]. */
  readonly logExpected: Value;
}

/** Takes a candidate out of a denominator: e^-1e9 is 0, and unlike -∞ it leaves gradients finite. */
const removed = -1e9;

/**
 * The negative log-likelihood of the next items, summed over all targets: Σ_t w_t [log Σ_k e^(z_tk) - z_t]; or, by gBCE,
 * Σ_t w_t [-log σ^β(z_t) - α Σ_k log(1 - σ(z_tk))] over all k but the target (see `binaryLoss`).
 *
 * The logits are z_tk = (u_t · v_k + c_k) / τ with u_t = x_t W / |x_t W|. They are worked out as x_t · (v_k Wᵀ), so that the
 * many products with candidates are as wide as the states, however wide the served vectors are; |x W|² = x (W Wᵀ) xᵀ.
 *
 * With drawn negatives the sum is over draws that are not the target itself, each divided by E_k, how often k was to be
 * expected among the draws: its mean is the whole sum (Bengio & Senécal 2008). The softmax has e^(z_t) beside it.
 *
 * @param inputs States, candidates and targets.
 * @returns One number, shape [].
 */
export function nextItemLoss(inputs: NextItemLossInputs): Value {
  const { states, output, item, targets, weights, negatives, gbce } = inputs;
  const sharpness = exp(neg(inputs.logTemperature));
  const gram = matMul(output, output, { transposeB: true });
  const square = reduceSum(mul(matMul(states, gram), states), { axes: [1], keepDims: true });
  const scale = mul(sharpness, exp(mul(log(add(square, 1e-12)), -0.5)));
  const users = mul(states, scale);
  const candidates = matMul(item.direction, output, { transposeB: true });
  const bias = item.bias === undefined ? undefined : mul(item.bias, sharpness);
  const logits = (rows: Value | undefined): Value => {
    const chosen = rows === undefined ? candidates : gather(candidates, rows);
    const products = matMul(users, chosen, { transposeB: true });
    if (bias === undefined) return products;
    return add(products, transpose(rows === undefined ? bias : gather(bias, rows)));
  };
  const own = reduceSum(mul(users, gather(candidates, targets)), { axes: [1], keepDims: true });
  const positive = bias === undefined ? own : add(own, gather(bias, targets));
  const lossOf = (perTarget: Value): Value => reduceSum(mul(weights, perTarget));
  const perRow = { axes: [1], keepDims: true };
  if (negatives === undefined) {
    const all = logits(undefined);
    if (gbce === undefined) return lossOf(sub(logSumExp(all, { axis: 1, keepDims: true }), positive));
    // All candidates are scored, α is 1 and so is β. -log(1 - σ(z)) = softplus(z), and the target's own is taken out.
    const refusals = sub(reduceSum(softplus(all), perRow), softplus(positive));
    return lossOf(add(softplus(neg(positive)), refusals));
  }
  const hit = equal(column(targets), reshape(negatives.rows, [1, negatives.rows.shape[0]!]));
  // One pass that no gradient goes through: what is removed has none anyway.
  const offset = where(hit, removed, neg(negatives.logExpected));
  const drawn = logits(negatives.rows);
  if (gbce !== undefined) {
    const { samplingRate, calibration } = gbce;
    const refusals = reduceSum(mul(exp(offset), softplus(drawn)), perRow);
    const taken = mul(softplus(neg(positive)), gbcePower(samplingRate, calibration));
    return lossOf(add(taken, mul(refusals, samplingRate)));
  }
  // log(e^z + Σ) - z = log(1 + e^(log Σ - z))
  const others = logSumExp(add(drawn, offset), { axis: 1, keepDims: true });
  return lossOf(softplus(sub(others, positive)));
}

const column = (x: Value): Value => reshape(x, [x.shape[0]!, 1]);
