import { type Dataset, eventKinds, type Item, type PersonHistory } from "../catalogue/mod.ts";
import type { Histories } from "./encoded.ts";
import { fieldsOf } from "./taste.ts";

const lastEvents = new WeakMap<Dataset, number>();

/**
 * When the last event of a dataset happened.
 *
 * @param dataset Any; the answer is remembered.
 * @returns Milliseconds since 1970; without events the last release, and without that 0.
 */
export function dataEndOf(dataset: Dataset): number {
  let end = lastEvents.get(dataset);
  if (end !== undefined) return end;
  end = Number.NEGATIVE_INFINITY;
  for (const at of dataset.events.at) if (at > end && at < Number.POSITIVE_INFINITY) end = at;
  if (end === Number.NEGATIVE_INFINITY) {
    for (const { releasedAt } of dataset.items) {
      if (releasedAt !== undefined && Number.isFinite(releasedAt)) end = Math.max(end, releasedAt);
    }
  }
  if (end === Number.NEGATIVE_INFINITY) end = 0;
  end += 0; // −0, which JSON does not know, becomes 0
  lastEvents.set(dataset, end);
  return end;
}

/** Options of {@link historiesOf}. */
export interface HistoriesOptions {
  /**
   * Nothing later is given, in milliseconds since 1970.
   * @default The dataset's last event.
   */
  readonly asOf?: number;
  /**
   * Events of each person, newest kept.
   * @default All.
   */
  readonly limit?: number;
}

/**
 * What people of a dataset did, ready for `encodeUsers`.
 *
 * @param dataset Where from; `item` of the result holds its item indices.
 * @param people Indices into its people; one may occur twice.
 * @param options Until when, and how much.
 * @returns One history per entry of `people`, in that order.
 * @throws RangeError When an index names no person.
 */
export function historiesOf(
  dataset: Dataset,
  people: ArrayLike<number>,
  options: HistoriesOptions = {},
): Histories {
  const { events } = dataset;
  const asOf = options.asOf ?? dataEndOf(dataset);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const users = people.length;
  const offsets = new Int32Array(users + 1);
  const starts = new Int32Array(users);
  for (let u = 0; u < users; u++) {
    const person = people[u]!;
    const first = dataset.offsets[person];
    let end = dataset.offsets[person + 1];
    if (first === undefined || end === undefined) {
      throw new RangeError(
        `Cannot take a history as a person must be an index below ${dataset.people.length}: current value is ${person}`,
      );
    }
    while (end > first && !(events.at[end - 1]! <= asOf)) end--;
    const start = Math.max(first, end - limit);
    starts[u] = start;
    offsets[u + 1] = offsets[u]! + end - start;
  }
  const total = offsets[users]!;
  const item = new Int32Array(total);
  const kind = new Uint8Array(total);
  const at = new Float64Array(total);
  const watchFraction = new Float32Array(total);
  const watchSeconds = events.watchSeconds && new Float32Array(total);
  for (let u = 0; u < users; u++) {
    const to = offsets[u]!;
    const from = starts[u]!;
    const end = from + offsets[u + 1]! - to;
    item.set(events.item.subarray(from, end), to);
    kind.set(events.kind.subarray(from, end), to);
    at.set(events.at.subarray(from, end), to);
    watchFraction.set(events.watchFraction.subarray(from, end), to);
    watchSeconds?.set(events.watchSeconds!.subarray(from, end), to);
  }
  return {
    offsets,
    item,
    kind,
    at,
    watchFraction,
    ...(watchSeconds ? { watchSeconds } : {}),
    asOf: new Float64Array(users).fill(asOf),
    fields: Array.from({ length: users }, (_, u) => fieldsOf(dataset.people[people[u]!]!)),
  };
}

/**
 * What people did as a store tells it: the serving counterpart of {@link historiesOf}, and the same arrays for the
 * same events.
 *
 * @param list One entry per person. Events on items that a history does not hold are left out.
 * @param options The moment to encode at, in milliseconds since 1970.
 * @returns The histories, and the items that their `item` column counts in: to be given to `encodeItems`.
 */
export function historiesFromPeople(
  list: readonly PersonHistory[],
  options: { readonly asOf: number },
): { readonly histories: Histories; readonly items: readonly Item[] } {
  const rows = new Map<string, number>();
  const items: Item[] = [];
  const offsets = new Int32Array(list.length + 1);
  const item: number[] = [];
  const kind: number[] = [];
  const at: number[] = [];
  const watchFraction: number[] = [];
  const watchSeconds: number[] = [];
  for (const [user, history] of list.entries()) {
    const events = history.events.filter(
      (event) =>
        event.at <= options.asOf && eventKinds.includes(event.kind) && history.items.has(event.itemId),
    );
    // Events come newest last; sorting is stable, so that it only mends a store that breaks its promise.
    events.sort((a, b) => a.at - b.at);
    for (const event of events) {
      let row = rows.get(event.itemId);
      if (row === undefined) {
        row = items.length;
        rows.set(event.itemId, row);
        items.push(history.items.get(event.itemId)!);
      }
      item.push(row);
      kind.push(eventKinds.indexOf(event.kind));
      at.push(event.at);
      watchFraction.push(event.watchFraction ?? Number.NaN);
      watchSeconds.push(event.watchSeconds ?? Number.NaN);
    }
    offsets[user + 1] = item.length;
  }
  return {
    histories: {
      offsets,
      item: Int32Array.from(item),
      kind: Uint8Array.from(kind),
      at: Float64Array.from(at),
      watchFraction: Float32Array.from(watchFraction),
      ...(watchSeconds.every(Number.isNaN) ? {} : { watchSeconds: Float32Array.from(watchSeconds) }),
      asOf: new Float64Array(list.length).fill(options.asOf),
      fields: list.map(({ person }) => fieldsOf(person)),
    },
    items,
  };
}
