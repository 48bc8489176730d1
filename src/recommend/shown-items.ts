import { type Blocks, type Item, type ItemFacts, itemFacts } from "../catalogue/mod.ts";
import { type ItemFilter, matchesFilter, withBlocks } from "../embeddings/mod.ts";

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
export function fits(facts: ItemFacts, { filter, blocks }: Wanted): boolean {
  return matchesFilter(facts, withBlocks(filter, blocks));
}
