import { type Blocks, type Item, type ItemFacts, itemFacts } from "../catalogue/mod.ts";
import type { ItemFilter } from "../embeddings/mod.ts";

/** What an item must be to be shown: what was asked for, less what the viewer has blocked. */
export interface Wanted {
  readonly filter?: ItemFilter;
  readonly blocks?: Blocks;
}

/**
 * Whether an item may be shown, where no query of the database says so.
 *
 * @param item Or what is known of it.
 * @param wanted Every condition that is given must hold.
 * @returns False for what is withdrawn, too.
 */
export function mayShow(item: Item, wanted: Wanted): boolean {
  return item.withdrawn !== true && fits(itemFacts(item), wanted);
}

/**
 * Whether the facts of an item are what is wanted.
 *
 * @param facts Of an item that is not withdrawn.
 * @param wanted Every condition that is given must hold.
 * @returns Whether all do.
 */
export function fits(facts: ItemFacts, { filter = {}, blocks }: Wanted): boolean {
  const { genres, minPrice, maxPrice } = filter;
  if (genres !== undefined && genres.length > 0 && !facts.genres.some((genre) => genres.includes(genre)))
    return false;
  // A price that is not known is neither high enough nor low enough.
  if (minPrice !== undefined && !(facts.price !== undefined && facts.price >= minPrice)) return false;
  if (maxPrice !== undefined && !(facts.price !== undefined && facts.price <= maxPrice)) return false;
  const makers = [...(filter.excludeMakers ?? []), ...(blocks?.makers ?? [])];
  if (facts.maker !== undefined && makers.includes(facts.maker)) return false;
  const performers = new Set([...(filter.excludePerformers ?? []), ...(blocks?.performers ?? [])]);
  return !facts.performers.some((name) => performers.has(name));
}
