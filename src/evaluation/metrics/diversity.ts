import type { Item } from "../../catalogue/mod.ts";

/**
 * Shannon diversity of the genres in the first k, in bits: H = -sum over genres of p · log2 p, where each item deals
 * one vote out evenly among its genres. 0 where all are of one genre; log2 n where n genres are equally common.
 *
 * @param top A viewer's best items, best first.
 * @param k How many are looked at.
 * @param genres The genres of each item, as {@link genresOf} gives them.
 * @returns Bits.
 */
export function diversityAt(top: Int32Array, k: number, genres: readonly (readonly string[])[]): number {
  const votes = new Map<string, number>();
  let total = 0;
  for (const item of top.subarray(0, k)) {
    const own = genres[item]!;
    for (const genre of own) votes.set(genre, (votes.get(genre) ?? 0) + 1 / own.length);
    if (own.length > 0) total++;
  }
  let entropy = 0;
  for (const vote of votes.values()) entropy -= (vote / total) * Math.log2(vote / total);
  return entropy;
}

/**
 * The genres of every item: its `genres` field, or its single `genre`; none where neither is known.
 *
 * @param items The catalogue.
 * @returns One list per item.
 */
export function genresOf(items: readonly Item[]): readonly (readonly string[])[] {
  return items.map(({ fields }) => {
    const genres = fields["genres"] ?? fields["genre"];
    if (typeof genres === "string") return [genres];
    return Array.isArray(genres) ? genres.filter((genre) => typeof genre === "string") : [];
  });
}
