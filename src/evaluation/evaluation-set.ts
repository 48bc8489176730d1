import { type Dataset, filterEvents } from "../catalogue/mod.ts";
import { type Histories, historiesOf } from "../features/mod.ts";
import { likedItems, likeKind, sortUnique } from "./liked-items.ts";
import type { EvaluationSet, ItemSets } from "./split.ts";

/** Options of {@link buildEvaluationSet}: which events are what. */
export interface EvaluationSetOptions {
  /** Who may take part, by dataset index, ascending. */
  readonly people: Int32Array;
  /** Whether a model may see the event at this position. */
  readonly given: (event: number) => boolean;
  /** Whether the event is to be found; only likes count. */
  readonly held: (event: number) => boolean;
  /** Whether the item of an event is taken out of the ranking. @default given */
  readonly seen?: (event: number) => boolean;
  /** The only items that are ranked, ascending. */
  readonly candidates?: Int32Array;
  /** The moment user features are taken at, in milliseconds since 1970; the last given event of all where absent. */
  readonly asOf?: number;
}

/**
 * Puts together what one part of a split asks. People with nothing to find or no given like are left out: the first
 * cannot be measured, the second get popularity in any system.
 *
 * @param dataset Whose indices everything uses.
 * @param options Which events are what. An item that is seen is never held.
 * @returns The set.
 */
export function buildEvaluationSet(dataset: Dataset, options: EvaluationSetOptions): EvaluationSet {
  const { given, held, seen = given, candidates } = options;
  const heldSets = itemSets(
    dataset,
    options.people,
    (event) => dataset.events.kind[event] === likeKind && held(event),
  );
  const seenSets = itemSets(dataset, options.people, seen);
  const people: number[] = [];
  const heldRows: Int32Array[] = [];
  const seenRows: Int32Array[] = [];
  for (let row = 0; row < options.people.length; row++) {
    const person = options.people[row]!;
    const seenItems = rowOf(seenSets, row);
    const seenLookup = new Set(seenItems);
    const heldItems = rowOf(heldSets, row).filter((item) => !seenLookup.has(item));
    if (heldItems.length === 0 || !hasGivenLike(dataset, person, given)) continue;
    people.push(person);
    heldRows.push(heldItems);
    seenRows.push(seenItems);
  }
  const chosen = Int32Array.from(people);
  const asOf = options.asOf === undefined ? {} : { asOf: options.asOf };
  return {
    people: chosen,
    given: historiesOf(filterEvents(dataset, given), chosen, asOf),
    held: joinRows(heldRows),
    seen: joinRows(seenRows),
    candidates,
  };
}

/**
 * The viewers `start .. end` of a set, for working in batches.
 *
 * @param histories Where to cut from.
 * @param start First row.
 * @param end Past the last row.
 * @returns Views on the same columns.
 */
export function sliceHistories(histories: Histories, start: number, end: number): Histories {
  const from = histories.offsets[start]!;
  const to = histories.offsets[end]!;
  return {
    offsets: histories.offsets.subarray(start, end + 1).map((offset) => offset - from),
    item: histories.item.subarray(from, to),
    kind: histories.kind.subarray(from, to),
    at: histories.at.subarray(from, to),
    watchFraction: histories.watchFraction.subarray(from, to),
    asOf: histories.asOf.subarray(start, end),
    fields: histories.fields.slice(start, end),
  };
}

/**
 * The first viewers of a set, where all would take too long.
 *
 * @param set Where to cut from.
 * @param count At most so many.
 * @returns The set itself where it is not larger.
 */
export function firstViewers(set: EvaluationSet, count: number): EvaluationSet {
  if (set.people.length <= count) return set;
  const cut = ({ offsets, items }: ItemSets): ItemSets => ({
    offsets: offsets.slice(0, count + 1),
    items: items.slice(0, offsets[count]!),
  });
  return {
    people: set.people.slice(0, count),
    given: sliceHistories(set.given, 0, count),
    held: cut(set.held),
    seen: cut(set.seen),
    candidates: set.candidates,
  };
}

/**
 * Deals out what each person liked.
 *
 * @param dataset What is divided.
 * @param people Whose likes are dealt, by index.
 * @param deal Called with a person's number of liked items; gives a part for each, in item order.
 * @returns The part of every event: all events of a person with one item share its part, 0 for everything not dealt.
 */
export function dealLikes(
  dataset: Dataset,
  people: Int32Array,
  deal: (liked: number) => Uint8Array,
): Uint8Array {
  const liked = likedItems(dataset);
  const parts = new Uint8Array(dataset.events.item.length);
  const partOfItem = new Uint8Array(dataset.items.length);
  for (const person of people) {
    const items = rowOf(liked, person);
    const dealt = deal(items.length);
    for (let i = 0; i < items.length; i++) partOfItem[items[i]!] = dealt[i]!;
    for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
      parts[e] = partOfItem[dataset.events.item[e]!]!;
    }
    for (const item of items) partOfItem[item] = 0;
  }
  return parts;
}

/**
 * One row of item sets.
 *
 * @param sets Where it lies.
 * @param row Its number.
 * @returns A view on its items.
 */
export function rowOf(sets: ItemSets, row: number): Int32Array {
  return sets.items.subarray(sets.offsets[row]!, sets.offsets[row + 1]!);
}

function itemSets(dataset: Dataset, people: Int32Array, chosen: (event: number) => boolean): ItemSets {
  const items: Int32Array[] = [];
  for (const person of people) {
    const row: number[] = [];
    for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
      if (chosen(e)) row.push(dataset.events.item[e]!);
    }
    const sorted = Int32Array.from(row);
    items.push(sorted.subarray(0, sortUnique(sorted, 0, sorted.length)));
  }
  return joinRows(items);
}

function hasGivenLike(dataset: Dataset, person: number, given: (event: number) => boolean): boolean {
  for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
    if (dataset.events.kind[e] === likeKind && given(e)) return true;
  }
  return false;
}

function joinRows(rows: readonly Int32Array[]): ItemSets {
  const offsets = new Int32Array(rows.length + 1);
  for (let row = 0; row < rows.length; row++) offsets[row + 1] = offsets[row]! + rows[row]!.length;
  const items = new Int32Array(offsets[rows.length]!);
  for (let row = 0; row < rows.length; row++) items.set(rows[row]!, offsets[row]!);
  return { offsets, items };
}
