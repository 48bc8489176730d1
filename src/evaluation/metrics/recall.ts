import type { RecallDivisor } from "../split.ts";
import { hitsWithin } from "./precision.ts";

/**
 * R@k: the share of the held items that is among the first k. With divisor `min(k, held)` a perfect ranking reaches 1
 * also where more than k were held (Liang et al. 2018, equation 14).
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @param k How many are looked at.
 * @param divisor What the hits are divided by.
 * @returns 0 to 1.
 */
export function recallAt(ranks: Int32Array, k: number, divisor: RecallDivisor): number {
  return hitsWithin(ranks, k) / (divisor === "held" ? ranks.length : Math.min(k, ranks.length));
}
