import type { Dataset } from "../catalogue/mod.ts";

/**
 * What answers when no tower can: likes per item, and a linear item-to-item model. Plain data, `fallback.json`.
 * Both cover only the most liked items, so that the file stays small on any catalogue.
 */
export interface Fallback {
  readonly kind: "fallback";
  /** The items below are positions in this list, most liked first. */
  readonly itemIds: readonly string[];
  /** Likes per item. */
  readonly likes: readonly number[];
  /** Per item: the items that follow from liking it. */
  readonly neighbours: readonly (readonly number[])[];
  /** Per item: the weights of those, 0-1. */
  readonly weights: readonly (readonly number[])[];
}

/** Options of {@link fitFallback}. */
export interface FitFallbackOptions {
  /** Most liked items that are covered. @default 5000 */
  readonly maxItems?: number;
  /** Neighbours kept per item. @default 30 */
  readonly neighbours?: number;
  /** Likes per person that count, the latest; bounds the work per person. @default 200 */
  readonly maxLikes?: number;
  /** Added to the denominator, so that two items liked by one person once are not each other's twins. @default 10 */
  readonly shrinkage?: number;
}

const likeCode = 0;

/**
 * Counts likes and fits item-to-item weights.
 *
 * @param dataset What people liked.
 * @param options How much to keep.
 * @returns The fallback.
 */
export function fitFallback(dataset: Dataset, options: FitFallbackOptions = {}): Fallback {
  const { maxItems = 5000, neighbours: keep = 30, maxLikes = 200, shrinkage = 10 } = options;
  const counts = new Int32Array(dataset.items.length);
  const { item, kind } = dataset.events;
  for (let e = 0; e < item.length; e++) if (kind[e] === likeCode) counts[item[e]!]!++;
  const order = [...counts.keys()]
    .filter((i) => counts[i]! > 0)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, maxItems);
  const position = new Int32Array(dataset.items.length).fill(-1);
  for (const [p, i] of order.entries()) position[i] = p;

  const liked = likesByPerson(dataset, position, maxLikes);
  const likers: number[][] = order.map(() => []);
  for (const [person, row] of liked.entries()) for (const p of row) likers[p]!.push(person);

  // w_ij = c_ij / (sqrt(n_i n_j) + shrinkage), c the people who like both (Sarwar et al. 2001, with shrinkage).
  const together = new Int32Array(order.length);
  const neighbours: number[][] = [];
  const weights: number[][] = [];
  for (let i = 0; i < order.length; i++) {
    together.fill(0);
    for (const person of likers[i]!) for (const p of liked[person]!) together[p]!++;
    together[i] = 0;
    const row: { p: number; w: number }[] = [];
    for (let p = 0; p < order.length; p++) {
      if (together[p] === 0) continue;
      const w = together[p]! / (Math.sqrt(likers[i]!.length * likers[p]!.length) + shrinkage);
      row.push({ p, w: Math.round(w * 1e4) / 1e4 });
    }
    row.sort((a, b) => b.w - a.w || a.p - b.p);
    row.length = Math.min(row.length, keep);
    neighbours.push(row.map(({ p }) => p));
    weights.push(row.map(({ w }) => w));
  }
  return {
    kind: "fallback",
    itemIds: order.map((i) => dataset.items[i]!.id),
    likes: order.map((i) => counts[i]!),
    neighbours,
    weights,
  };
}

/**
 * Scores items by the linear model: the sum of the weights from everything that was liked.
 *
 * @param fallback As fitted.
 * @param likedIds What a person likes.
 * @returns Score by item id, of the items that got one; empty where nothing that was liked is covered.
 */
export function scoreLinear(fallback: Fallback, likedIds: Iterable<string>): Map<string, number> {
  const liked = new Set(likedIds);
  const scores = new Map<string, number>();
  for (const [i, id] of fallback.itemIds.entries()) {
    if (!liked.has(id)) continue;
    for (const [n, p] of fallback.neighbours[i]!.entries()) {
      const target = fallback.itemIds[p]!;
      scores.set(target, (scores.get(target) ?? 0) + fallback.weights[i]![n]!);
    }
  }
  return scores;
}

function likesByPerson(dataset: Dataset, position: Int32Array, maxLikes: number): number[][] {
  const { item, kind } = dataset.events;
  return dataset.people.map((_, person) => {
    const row: number[] = [];
    for (
      let e = dataset.offsets[person + 1]! - 1;
      e >= dataset.offsets[person]! && row.length < maxLikes;
      e--
    ) {
      const p = position[item[e]!]!;
      if (kind[e] === likeCode && p >= 0) row.push(p);
    }
    return row;
  });
}
