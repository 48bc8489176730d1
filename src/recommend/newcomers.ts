import { createRandom, type Random, sha256Hex } from "../base/mod.ts";
import type { NearestQuery, Neighbour, VectorStore } from "../embeddings/mod.ts";

/** How much of an answer is given to new items, which few have had the chance to like. */
export interface Exploration {
  /** Share of an answer's places, 0-1. @default 0 */
  readonly share?: number;
  /** New is what was released in the last so many days. @default 30 */
  readonly withinDays?: number;
  /** And was liked so often at most. @default 5 */
  readonly mostLikes?: number;
}

/** An item, and the place it is given: counted from 0. */
export interface Newcomer extends Neighbour {
  readonly place: number;
}

/** So many times as many as there are places are looked at, so that not everybody is shown the same few. */
const choice = 4;

/**
 * Chooses new items for a viewer, and where they stand: never first, the same all day.
 *
 * @param query The viewer's vector, what may be shown, how many places there are, and the moment in milliseconds since 1970.
 * @param options Where they are searched, and how much is given to them.
 * @returns By place; empty where no share is given.
 */
export async function chooseNewcomers(
  query: Omit<NearestQuery, "newcomers"> & { readonly personId: string; readonly now: number },
  { vectors, exploration }: { readonly vectors: VectorStore; readonly exploration: Exploration },
): Promise<readonly Newcomer[]> {
  const { share = 0, withinDays = 30, mostLikes = 5 } = exploration;
  const { now, limit, ...search } = query;
  if (share === 0 || limit < 2) return [];
  const random = randomOfDay(query.personId, now);
  // Of 10 places a share of 0.05 is one on every other day.
  const places = Math.min(Math.floor(share * limit + random.next()), limit - 1);
  if (places === 0) return [];
  const found = await vectors.nearest({
    ...search,
    limit: Math.min(1000, choice * places),
    newcomers: { releasedAfter: now - withinDays * day, mostLikes },
  });
  const chosen = drawn(found, { count: places, random }).sort((a, b) => b.score - a.score);
  const after = Array.from({ length: limit - 1 }, (_, i) => i + 1);
  const at = drawn(after, { count: chosen.length, random }).sort((a, b) => a - b);
  return chosen.map((item, i) => ({ ...item, place: at[i]! }));
}

/**
 * Puts new items where they are to stand; what stood there moves down.
 *
 * @param found Best first.
 * @param newcomers By place. One that is found anyway stays where it is.
 * @returns All of them, new ones marked.
 */
export function withNewcomers(
  found: readonly Neighbour[],
  newcomers: readonly Newcomer[],
): readonly (Neighbour & { readonly explored?: true })[] {
  const known = new Set(found.map(({ itemId }) => itemId));
  const placed: (Neighbour & { readonly explored?: true })[] = [...found];
  for (const { place, ...item } of newcomers) {
    if (!known.has(item.itemId)) placed.splice(place, 0, { ...item, explored: true });
  }
  return placed;
}

const day = 86_400_000;

function randomOfDay(personId: string, now: number): Random {
  return createRandom(Number.parseInt(sha256Hex(`${personId} ${Math.floor(now / day)}`).slice(0, 8), 16));
}

// The first `count` of a shuffle (Fisher & Yates).
function drawn<Value>(
  values: readonly Value[],
  { count, random }: { readonly count: number; readonly random: Random },
): Value[] {
  const left = [...values];
  const taken: Value[] = [];
  while (taken.length < count && left.length > 0) taken.push(...left.splice(random.integer(left.length), 1));
  return taken;
}
