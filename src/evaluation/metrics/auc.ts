/**
 * Area under the ROC curve: how often a held item comes before one that is not held.
 *
 * AUC = 1 - sum over j of (rank_j - j) / (held · (candidates - held)), j from 1 (Mann & Whitney).
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @param candidates How many items were ranked.
 * @returns 0 to 1; 1 where every candidate was held, as nothing can come before them.
 */
export function areaUnderRoc(ranks: Int32Array, candidates: number): number {
  const others = candidates - ranks.length;
  if (others === 0) return 1;
  let before = 0;
  for (let j = 0; j < ranks.length; j++) before += ranks[j]! - (j + 1);
  return 1 - before / (ranks.length * others);
}
