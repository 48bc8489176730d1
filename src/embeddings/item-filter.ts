import type { Blocks, ItemFacts } from "../catalogue/mod.ts";
import type { ItemFilter } from "./vector-store.ts";

/**
 * Whether an item is what a filter asks for: the reference for what every vector store does, and for paths that do not
 * search one.
 *
 * @param facts What is known of the item.
 * @param filter What it must be.
 * @returns True where every condition that is given holds.
 */
export function matchesFilter(facts: ItemFacts, filter: ItemFilter): boolean {
  const { genres = [], minPrice, maxPrice, excludeMakers = [], excludePerformers = [] } = filter;
  if (genres.length > 0 && !facts.genres.some((genre) => genres.includes(genre))) return false;
  // A price that is not known is neither high enough nor low enough.
  if (minPrice !== undefined && !(facts.price !== undefined && facts.price >= minPrice)) return false;
  if (maxPrice !== undefined && !(facts.price !== undefined && facts.price <= maxPrice)) return false;
  if (facts.maker !== undefined && excludeMakers.includes(facts.maker)) return false;
  return !facts.performers.some((name) => excludePerformers.includes(name));
}

/**
 * A filter that leaves out what a person blocked, too.
 *
 * @param filter What is asked of an item.
 * @param blocks Whose items the person does not want; undefined where there is no such person.
 * @returns Both in one.
 */
export function withBlocks(filter: ItemFilter = {}, blocks?: Blocks): ItemFilter {
  if (blocks === undefined) return filter;
  return {
    ...filter,
    excludeMakers: [...(filter.excludeMakers ?? []), ...blocks.makers],
    excludePerformers: [...(filter.excludePerformers ?? []), ...blocks.performers],
  };
}

/**
 * Refuses a filter that no store could answer.
 *
 * @param filter As a caller gave it.
 * @throws RangeError Where a price is no finite number.
 */
export function checkFilter(filter: ItemFilter): void {
  for (const price of [filter.minPrice, filter.maxPrice]) {
    if (price === undefined || Number.isFinite(price)) continue;
    throw new RangeError(
      `Cannot filter by price as a bound must be a finite number: current value is ${price}`,
    );
  }
}
