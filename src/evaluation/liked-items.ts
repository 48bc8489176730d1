import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import type { Histories } from "../features/mod.ts";
import type { ItemSets } from "./split.ts";

/** The code of a like in event columns. */
export const likeKind = eventKinds.indexOf("like");

/**
 * What each row liked, once each: the binary matrix that baselines are fitted on and split by.
 *
 * @param events Anything with rows of events: a dataset (rows are people) or histories (rows are users).
 * @returns Ascending item indices by row.
 */
export function likedItems(events: Dataset | Histories): ItemSets {
  const columns = "events" in events ? events.events : events;
  const rows = events.offsets.length - 1;
  const offsets = new Int32Array(rows + 1);
  const items = new Int32Array(columns.item.length);
  let length = 0;
  for (let row = 0; row < rows; row++) {
    const start = length;
    for (let e = events.offsets[row]!; e < events.offsets[row + 1]!; e++) {
      if (columns.kind[e] === likeKind) items[length++] = columns.item[e]!;
    }
    length = sortUnique(items, start, length);
    offsets[row + 1] = length;
  }
  return { offsets, items: items.slice(0, length) };
}

/**
 * The items of some rows turned around: for each item the rows that hold it.
 *
 * @param sets Rows of items.
 * @param itemCount How many items there are; every index must be below.
 * @returns Rows by item, ascending.
 */
export function transposeItems(sets: ItemSets, itemCount: number): ItemSets {
  const offsets = new Int32Array(itemCount + 1);
  for (const item of sets.items) offsets[item + 1]!++;
  for (let item = 0; item < itemCount; item++) offsets[item + 1]! += offsets[item]!;
  const next = offsets.slice();
  const rows = new Int32Array(sets.items.length);
  for (let row = 0; row + 1 < sets.offsets.length; row++) {
    for (let e = sets.offsets[row]!; e < sets.offsets[row + 1]!; e++) rows[next[sets.items[e]!]!++] = row;
  }
  return { offsets, items: rows };
}

/**
 * Sorts part of an array and drops repetitions.
 *
 * @param values Changed in place from `start` on.
 * @param start First position.
 * @param end Past the last position.
 * @returns Past the last position that is left.
 */
export function sortUnique(values: Int32Array, start: number, end: number): number {
  const part = values.subarray(start, end).sort();
  let length = start;
  for (let i = 0; i < part.length; i++) {
    if (i === 0 || part[i] !== values[length - 1]) values[length++] = part[i]!;
  }
  return length;
}
