/**
 * Area under the precision-recall curve by trapezoids over every cut of the ranking: recall moves only at a hit, where
 * precision goes from (j - 1) / (r - 1) just before it to j / r at it. A hit at rank 1 starts from precision 1.
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @returns Above 0 to 1.
 */
export function areaUnderPrecisionRecall(ranks: Int32Array): number {
  let sum = 0;
  for (let j = 0; j < ranks.length; j++) {
    const rank = ranks[j]!;
    const justBefore = rank === 1 ? 1 : j / (rank - 1);
    sum += (justBefore + (j + 1) / rank) / 2;
  }
  return sum / ranks.length;
}
