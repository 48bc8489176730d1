import type { Csr } from "../base/mod.ts";
import type { LikedItems } from "../linear/mod.ts";

/** The items that a linear map is fitted over. */
export interface LinearColumns {
  /** Row of each in the vocabulary of ids. */
  readonly rows: Int32Array;
  /** Who liked which of them, by column. */
  readonly likes: LikedItems;
}

/** Beyond so many items the three matrices of items × items would take more than 432 MB; the most liked are taken. */
export const mostLinearItems = 6_000;

/**
 * The most liked items, and who liked them.
 *
 * @param positives People × items.
 * @param ids Each item's row in the vocabulary, where it has one.
 * @returns Columns in the order of the items.
 */
export function linearColumns(positives: Csr, ids: Csr): LinearColumns {
  const items = ids.offsets.length - 1;
  const counts = new Int32Array(items);
  for (const item of positives.indices) counts[item]!++;
  const chosen = Int32Array.from(counts.keys())
    .filter((item) => counts[item]! > 0 && ids.offsets[item]! < ids.offsets[item + 1]!)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, mostLinearItems)
    .sort();
  const column = new Int32Array(items).fill(-1);
  for (const [at, item] of chosen.entries()) column[item] = at;
  const people = positives.offsets.length - 1;
  const offsets = new Int32Array(people + 1);
  const liked: number[] = [];
  for (let person = 0; person < people; person++) {
    for (let e = positives.offsets[person]!; e < positives.offsets[person + 1]!; e++) {
      const at = column[positives.indices[e]!]!;
      if (at >= 0) liked.push(at);
    }
    offsets[person + 1] = liked.length;
  }
  return {
    rows: chosen.map((item) => ids.indices[ids.offsets[item]!]!),
    likes: { offsets, items: Int32Array.from(liked) },
  };
}
