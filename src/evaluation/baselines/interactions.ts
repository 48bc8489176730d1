import type { Dataset } from "../../catalogue/mod.ts";
import { likedItems, transposeItems } from "../liked-items.ts";
import type { ItemSets } from "../split.ts";

/** Who liked what in training, both ways: the binary matrix every baseline is fitted on. */
export interface Interactions {
  readonly users: number;
  readonly items: number;
  /** Items by user, ascending; only users with a like. */
  readonly byUser: ItemSets;
  /** Users by item, ascending. */
  readonly byItem: ItemSets;
}

/**
 * The binary matrix of a dataset.
 *
 * @param train Likes count; views and nopes do not.
 * @param itemCount Items to be scored, at least those of `train`: the rest have no likes.
 * @returns The matrix, without people who liked nothing.
 */
export function interactionsOf(train: Dataset, itemCount: number = train.items.length): Interactions {
  const liked = likedItems(train);
  const offsets = Int32Array.from(new Set(liked.offsets));
  const byUser = { offsets, items: liked.items };
  return {
    users: offsets.length - 1,
    items: itemCount,
    byUser,
    byItem: transposeItems(byUser, itemCount),
  };
}
