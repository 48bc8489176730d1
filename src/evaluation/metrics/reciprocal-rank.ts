/**
 * One over the rank of the first held item; its mean over viewers is MRR.
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @returns Above 0 to 1.
 */
export function reciprocalRank(ranks: Int32Array): number {
  return 1 / ranks[0]!;
}
