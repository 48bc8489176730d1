/**
 * NDCG@k with binary gain: a hit at rank r gains 1 / log2(r + 1); divided by what the best ranking of min(k, held)
 * hits would gain (Järvelin & Kekäläinen 2002).
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @param k How many are looked at.
 * @returns 0 to 1.
 */
export function ndcgAt(ranks: Int32Array, k: number): number {
  let gain = 0;
  let ideal = 0;
  for (let j = 0; j < Math.min(k, ranks.length); j++) {
    if (ranks[j]! <= k) gain += 1 / Math.log2(ranks[j]! + 1);
    ideal += 1 / Math.log2(j + 2);
  }
  return gain / ideal;
}
