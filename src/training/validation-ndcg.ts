import { topItems } from "./top-items.ts";
import type { ValidationSet } from "./validation-set.ts";

/**
 * NDCG@k of scores over the whole catalogue, given items left out, binary gain, ideal cut at min(k, targets), summed
 * over viewers with targets. Järvelin & Kekäläinen 2002. Equal scores rank in the order of the items.
 *
 * @param scores viewers × items, row-major. What is not ranked is overwritten.
 * @param options Who was given what, the number of items, k, and which viewer of the set comes first (default 0).
 * @returns The sum, and over how many viewers.
 */
export function validationNdcg(
  scores: Float32Array,
  options: {
    readonly set: ValidationSet;
    readonly items: number;
    readonly k: number;
    readonly from?: number;
  },
): { readonly sum: number; readonly viewers: number } {
  const { set, items, k, from = 0 } = options;
  const { given, targets } = set;
  let sum = 0;
  let viewers = 0;
  for (let line = 0; line < scores.length / items; line++) {
    const row = from + line;
    const wanted = new Set(targets.indices.subarray(targets.offsets[row]!, targets.offsets[row + 1]!));
    if (wanted.size === 0) continue;
    const ranked = scores.subarray(line * items, (line + 1) * items);
    for (let e = given.offsets[row]!; e < given.offsets[row + 1]!; e++) {
      const item = given.item[e]!;
      if (!wanted.has(item)) ranked[item] = Number.NEGATIVE_INFINITY;
    }
    if (set.candidates !== undefined) keepOnly(ranked, set.candidates);
    let gain = 0;
    for (const [rank, item] of topItems(ranked, k).entries()) if (wanted.has(item)) gain += discount(rank);
    let ideal = 0;
    for (let rank = 0; rank < Math.min(k, wanted.size); rank++) ideal += discount(rank);
    sum += gain / ideal;
    viewers++;
  }
  return { sum, viewers };
}

function keepOnly(scores: Float32Array, candidates: Int32Array): void {
  const values = Float32Array.from(candidates, (item) => scores[item]!);
  scores.fill(Number.NEGATIVE_INFINITY);
  for (const [at, item] of candidates.entries()) scores[item] = values[at]!;
}

const discount = (rank: number): number => 1 / Math.log2(rank + 2);
