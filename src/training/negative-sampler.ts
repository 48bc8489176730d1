import type { Random } from "../base/mod.ts";

/** Draws items by a fixed distribution, with replacement, in constant time. */
export interface NegativeSampler {
  /** One item. */
  draw(random: Random): number;
  /** Probability of each item in one draw; sums to 1. */
  readonly probability: Float64Array;
}

/**
 * A mix of uniform and popular negatives: q_j = (1 - s)/n + s · count_j / Σ count.
 *
 * @param counts Positives of each item, 0 or more.
 * @param options `popularShare` s, 0-1; `eligible` items only, all where absent.
 * @returns The sampler.
 * @throws RangeError When no item is eligible.
 */
export function mixedSampler(
  counts: Float64Array,
  options: { readonly popularShare: number; readonly eligible?: Uint8Array },
): NegativeSampler {
  const { popularShare, eligible } = options;
  const allowed = (j: number): boolean => eligible === undefined || eligible[j] === 1;
  let total = 0;
  let size = 0;
  for (let j = 0; j < counts.length; j++) {
    if (!allowed(j)) continue;
    total += counts[j]!;
    size++;
  }
  if (size === 0) throw new RangeError("Cannot sample negatives as at least one item must be eligible");
  const share = total > 0 ? popularShare : 0;
  const probability = new Float64Array(counts.length);
  for (let j = 0; j < counts.length; j++) {
    if (allowed(j)) probability[j] = (1 - share) / size + (total > 0 ? (share * counts[j]!) / total : 0);
  }
  return { draw: aliasDraw(probability), probability };
}

/** Walker's alias method (Vose 1991): two uniform numbers and one comparison per draw. */
function aliasDraw(probability: Float64Array): (random: Random) => number {
  const n = probability.length;
  const threshold = Float64Array.from(probability, (p) => p * n);
  const alias = Int32Array.from({ length: n }, (_, j) => j);
  const small: number[] = [];
  const large: number[] = [];
  for (let j = 0; j < n; j++) (threshold[j]! < 1 ? small : large).push(j);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large[large.length - 1]!;
    alias[less] = more;
    threshold[more] = threshold[more]! + threshold[less]! - 1;
    if (threshold[more]! < 1) {
      large.pop();
      small.push(more);
    }
  }
  // What rounding left over has probability 1, except items that must never come.
  for (const j of large) threshold[j] = 1;
  const possible = probability.findIndex((p) => p > 0);
  for (const j of small) {
    if (probability[j]! > 0) threshold[j] = 1;
    else alias[j] = possible;
  }
  return (random) => {
    const slot = random.integer(n);
    return random.next() < threshold[slot]! ? slot : alias[slot]!;
  };
}
