import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import type { ItemFilter, Neighbour, VectorStore } from "../embeddings/mod.ts";
import { type Fallback, scoreLinear } from "../registry/mod.ts";
import { bestFirst } from "./answer.ts";
import { mayShow, type Wanted } from "./shown-items.ts";

/** Events that count as seen when no database query leaves them out: more than anybody has in practice. */
export const wholeHistory = 20_000;

/**
 * The linear model's best items for a person: not seen, not refused, not withdrawn, not excluded, not blocked, and what
 * the filter asks for.
 *
 * @param query The store is asked for the whole history and for what is withdrawn.
 * @returns Best first; empty where the linear model knows nothing that was liked.
 */
export async function recommendLinear(query: {
  readonly store: CatalogueStore;
  readonly fallback: Fallback;
  readonly personId: string;
  readonly limit: number;
  readonly exclude: readonly string[];
  readonly filter?: ItemFilter;
}): Promise<readonly Neighbour[]> {
  const { store, fallback, personId, limit, exclude, filter } = query;
  const history = await store.history(personId, { limit: wholeHistory });
  if (history === undefined) return [];
  const blocks = await store.blocks(personId);
  const wanted = { ...(filter && { filter }), ...(blocks && { blocks }) };
  const seen = new Set([...exclude, ...history.events.map((event) => event.itemId)]);
  const scores = scoreLinear(fallback, likesOf(history));
  const best = bestFirst([...scores].map(([itemId, score]) => ({ itemId, score }))).filter(
    ({ itemId }) => !seen.has(itemId),
  );
  const found: Neighbour[] = [];
  for (let from = 0; from < best.length && found.length < limit; from += limit) {
    const page = best.slice(from, from + limit);
    const available = await availableItems(
      store,
      page.map(({ itemId }) => itemId),
      wanted,
    );
    found.push(...page.filter(({ itemId }) => available.has(itemId)));
  }
  return found.slice(0, limit);
}

/**
 * Scores given items by the linear model, or by likes for a person it knows nothing about.
 *
 * @param query `fallback` is absent where no bundle could be read.
 * @returns A score for each candidate that exists and is neither withdrawn nor blocked, and who gave it.
 */
export async function scoreCandidatesWithoutTowers(query: {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly history: PersonHistory;
  readonly candidates: readonly string[];
  readonly fallback?: Fallback;
}): Promise<{ readonly source: "linear" | "popularity"; readonly scored: readonly Neighbour[] }> {
  const { store, vectors, history, candidates, fallback } = query;
  const blocks = await store.blocks(history.person.id);
  const available = await availableItems(store, candidates, { ...(blocks && { blocks }) });
  const known = candidates.filter((id) => available.has(id));
  const linear = fallback === undefined ? undefined : scoreLinear(fallback, likesOf(history));
  if (linear !== undefined && known.some((id) => linear.has(id))) {
    return { source: "linear", scored: known.map((itemId) => ({ itemId, score: linear.get(itemId) ?? 0 })) };
  }
  const popular = await vectors.popular({ limit: 1000 });
  const likes = new Map(popular.map(({ itemId, score }) => [itemId, score]));
  return { source: "popularity", scored: known.map((itemId) => ({ itemId, score: likes.get(itemId) ?? 0 })) };
}

function likesOf(history: PersonHistory): string[] {
  return history.events.filter((event) => event.kind === "like").map((event) => event.itemId);
}

async function availableItems(
  store: CatalogueStore,
  ids: readonly string[],
  wanted: Wanted,
): Promise<Set<string>> {
  const available = new Set<string>();
  for await (const page of store.items({ ids })) {
    for (const item of page) if (mayShow(item, wanted)) available.add(item.id);
  }
  return available;
}
