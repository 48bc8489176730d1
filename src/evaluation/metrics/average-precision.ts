/**
 * The mean, over the held items, of the precision at each one's rank in the whole ranking; its mean over viewers is
 * MAP.
 *
 * @param ranks Ranks of the held items, from 1, ascending, at least one.
 * @returns Above 0 to 1.
 */
export function averagePrecision(ranks: Int32Array): number {
  let sum = 0;
  for (let j = 0; j < ranks.length; j++) sum += (j + 1) / ranks[j]!;
  return sum / ranks.length;
}
