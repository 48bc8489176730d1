import { type Dataset, filterEvents } from "../catalogue/mod.ts";

/**
 * The same history over other items: a subset, another order, or both. Events with items that are left out go.
 *
 * @param dataset Where to choose from; people keep their indices.
 * @param kept Item indices in their new order, each at most once.
 * @returns A dataset whose item `i` is the old item `kept[i]`.
 */
export function selectItems(dataset: Dataset, kept: Int32Array): Dataset {
  const newIndex = new Int32Array(dataset.items.length).fill(-1);
  for (let i = 0; i < kept.length; i++) newIndex[kept[i]!] = i;
  const chosen = filterEvents(dataset, (event) => newIndex[dataset.events.item[event]!]! >= 0);
  return {
    ...chosen,
    items: Array.from(kept, (item) => dataset.items[item]!),
    events: { ...chosen.events, item: chosen.events.item.map((item) => newIndex[item]!) },
  };
}
