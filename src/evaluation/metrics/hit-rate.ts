/**
 * HR@k: whether any held item is among the first k.
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @param k How many are looked at.
 * @returns 0 or 1.
 */
export function hitRateAt(ranks: Int32Array, k: number): number {
  return ranks[0]! <= k ? 1 : 0;
}
