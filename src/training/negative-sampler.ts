import type { Random } from "../base/mod.ts";

/** Draws items by a fixed distribution, with replacement, in constant time. */
export interface NegativeSampler {
  /** One item. */
  draw(random: Random): number;
  /** Probability of each item in one draw; sums to 1. */
  readonly probability: Float64Array;
}

/** What negatives are drawn by, beside the popularity of the items. */
export interface MixOptions {
  /** p, 0-1. */
  readonly popularShare: number;
  /** h, 0-1. @default 0 */
  readonly hardShare?: number;
  /** How often each item was found among near neighbours. @default never, so that hard negatives are uniform too */
  readonly mined?: Float32Array;
  /** 1 for the items that may be drawn. @default all */
  readonly eligible?: Uint8Array;
}

/**
 * A mix of uniform, hard and popular negatives as one known distribution:
 *
 * q_j = (1 - h - p)/n + h · (mined_j + 1)/Σ(mined + 1) + p · count_j/Σ count.
 *
 * The 1 added to what was mined leaves every item a chance, so that the correction by log q is exact for hard negatives alone.
 *
 * @param counts Positives of each item, 0 or more.
 * @param options Shares, what was mined, and which items.
 * @returns The sampler.
 * @throws RangeError When no item is eligible.
 */
export function mixedSampler(counts: Float64Array, options: MixOptions): NegativeSampler {
  const { hardShare = 0, mined, eligible } = options;
  const allowed = (j: number): boolean => eligible === undefined || eligible[j] === 1;
  const hardness = (j: number): number => 1 + (mined?.[j] ?? 0);
  let total = 0;
  let hard = 0;
  let size = 0;
  for (let j = 0; j < counts.length; j++) {
    if (!allowed(j)) continue;
    total += counts[j]!;
    hard += hardness(j);
    size++;
  }
  if (size === 0) throw new RangeError("Cannot sample negatives as at least one item must be eligible");
  const popularShare = total > 0 ? options.popularShare : 0;
  const uniform = (1 - hardShare - popularShare) / size;
  const probability = new Float64Array(counts.length);
  for (let j = 0; j < counts.length; j++) {
    if (!allowed(j)) continue;
    const popular = total > 0 ? counts[j]! / total : 0;
    probability[j] = uniform + (hardShare * hardness(j)) / hard + popularShare * popular;
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
