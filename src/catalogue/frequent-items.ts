import { type Dataset, filterEvents } from "./dataset.ts";
import { eventKinds } from "./event.ts";
import type { Item } from "./item.ts";

/**
 * A dataset without the items that hardly anybody liked, as the published protocols ask for. One pass: what remains is
 * not looked at again.
 *
 * @param dataset What to choose from.
 * @param minLikes Items with fewer likes are left out, and all their events with them; 0 and less leaves out none.
 * @returns The dataset itself where nothing is left out; otherwise one with new item indices and the same people.
 */
export function keepFrequentItems(dataset: Dataset, minLikes: number): Dataset {
  if (minLikes <= 0) return dataset;
  const like = eventKinds.indexOf("like");
  const { events } = dataset;
  const likes = new Int32Array(dataset.items.length);
  for (let e = 0; e < events.item.length; e++) if (events.kind[e] === like) likes[events.item[e]!]!++;
  const newIndex = new Int32Array(dataset.items.length).fill(-1);
  const items: Item[] = [];
  for (const [index, item] of dataset.items.entries()) {
    if (likes[index]! < minLikes) continue;
    newIndex[index] = items.length;
    items.push(item);
  }
  if (items.length === dataset.items.length) return dataset;
  const kept = filterEvents(dataset, (event) => newIndex[events.item[event]!]! >= 0);
  return {
    ...kept,
    items,
    events: { ...kept.events, item: kept.events.item.map((item) => newIndex[item]!) },
  };
}
