/**
 * P@k: the share of the first k that was held. Divided by k, also where fewer were held.
 *
 * @param ranks Ranks of the held items, from 1, ascending.
 * @param k How many are looked at.
 * @returns 0 to 1.
 */
export function precisionAt(ranks: Int32Array, k: number): number {
  return hitsWithin(ranks, k) / k;
}

/**
 * How many held items are among the first k.
 *
 * @param ranks Ranks of the held items, from 1, ascending.
 * @param k How many are looked at.
 * @returns 0 to k.
 */
export function hitsWithin(ranks: Int32Array, k: number): number {
  let hits = 0;
  while (hits < ranks.length && ranks[hits]! <= k) hits++;
  return hits;
}
