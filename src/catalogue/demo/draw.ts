import type { Random } from "../../base/mod.ts";

/**
 * Sums of weights, for {@link drawIndex}.
 *
 * @param weights Non-negative, not all zero.
 * @returns Ascending; the last is the sum of all.
 */
export function cumulative(weights: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    sums[i] = sum;
  }
  return sums;
}

/**
 * An index drawn in proportion to its weight.
 *
 * @param random Where chance comes from.
 * @param sums As {@link cumulative} gave them.
 * @returns The index, by bisection.
 */
export function drawIndex(random: Random, sums: Float64Array): number {
  const target = random.next() * sums[sums.length - 1]!;
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One of a list, all alike. */
export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random.integer(values.length)]!;
}

/** `count` different whole numbers below `below`, or all of them where there are fewer. */
export function pickDistinct(random: Random, below: number, count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, below)) chosen.add(random.integer(below));
  return [...chosen];
}

/** Normal draws. */
export function normals(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

/** 1 / (1 + e^-x). */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
