/**
 * Novelty: the mean self-information of the first k in bits, -log2 of the share of people who liked an item in
 * training (Zhou et al. 2010). One is added to both counts, so that an item nobody has liked is finite.
 *
 * @param top A viewer's best items, best first.
 * @param k How many are looked at.
 * @param information Bits per item, as {@link selfInformation} gives them.
 * @returns Bits.
 */
export function noveltyAt(top: Int32Array, k: number, information: Float64Array): number {
  const first = top.subarray(0, k);
  let sum = 0;
  for (const item of first) sum += information[item]!;
  return first.length === 0 ? 0 : sum / first.length;
}

/**
 * What each item's turning up tells, in bits.
 *
 * @param likes People who liked each item.
 * @param people People in all.
 * @returns Bits per item.
 */
export function selfInformation(likes: Int32Array, people: number): Float64Array {
  return Float64Array.from(likes, (count) => -Math.log2((count + 1) / (people + 1)));
}
