import { type Dataset, filterEvents } from "../catalogue/mod.ts";
import { likedItems } from "./liked-items.ts";

/**
 * A dataset without the events of people who liked hardly anything, as some published protocols ask for. One pass, after
 * items were left out: what remains is not looked at again.
 *
 * @param dataset What to choose from.
 * @param minLikes People who liked fewer items have their events left out; 0 and less leaves out nobody.
 * @returns The dataset itself where nobody is left out; items and people keep their indices.
 */
export function keepActivePeople(dataset: Dataset, minLikes: number): Dataset {
  if (minLikes <= 0) return dataset;
  const { offsets } = likedItems(dataset);
  const { person } = dataset.events;
  return filterEvents(
    dataset,
    (event) => offsets[person[event]! + 1]! - offsets[person[event]!]! >= minLikes,
  );
}
