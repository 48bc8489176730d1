import type { CatalogueEvent } from "./event.ts";
import { createEventColumnsBuilder } from "./event-columns-builder.ts";
import type { Item } from "./item.ts";
import type { Person } from "./person.ts";

/** Events as columns, sorted by person, then time, then the order in which they came. */
export interface EventColumns {
  /** Index into {@link Dataset.people}. */
  readonly person: Int32Array;
  /** Index into {@link Dataset.items}. */
  readonly item: Int32Array;
  /** Index into `eventKinds`. */
  readonly kind: Uint8Array;
  /** Milliseconds since 1970. */
  readonly at: Float64Array;
  /** Watch fraction of a view, 0-1; NaN where unknown or not a view. */
  readonly watchFraction: Float32Array;
  /** Seconds watched of a view; NaN where unknown or not a view; absent where no event tells. */
  readonly watchSeconds?: Float32Array;
}

/** A catalogue and its history in memory, by index: what features, training and evaluation work on. */
export interface Dataset {
  readonly kind: "dataset";
  readonly items: readonly Item[];
  readonly people: readonly Person[];
  readonly events: EventColumns;
  /** people + 1 positions: the events of person `p` are `offsets[p] .. offsets[p + 1]`. */
  readonly offsets: Int32Array;
}

/** What {@link buildDataset} is given. */
export interface DatasetSource {
  readonly items: readonly Item[];
  readonly people: readonly Person[];
  /** In any order; those of unknown people or items are counted in `skipped`. */
  readonly events: Iterable<CatalogueEvent>;
}

/**
 * Sorts events into columns.
 *
 * @param source Items, people and events; ids must be unique within items and within people.
 * @returns The dataset, and how many events named an unknown item or person.
 * @throws RangeError When an id occurs twice.
 */
export function buildDataset(source: DatasetSource): { dataset: Dataset; skipped: number } {
  const columns = createEventColumnsBuilder(source.items, source.people);
  let skipped = 0;
  for (const event of source.events) if (!columns.add(event)) skipped++;
  return { dataset: datasetFromColumns(source.items, source.people, columns.build()), skipped };
}

/**
 * A dataset over columns in any order; sorts a copy by person, time and the given order.
 *
 * @param items What `columns.item` indexes.
 * @param people What `columns.person` indexes.
 * @param columns Equally long columns.
 * @returns The dataset.
 */
export function datasetFromColumns(
  items: readonly Item[],
  people: readonly Person[],
  columns: EventColumns,
): Dataset {
  const count = columns.person.length;
  const order = new Int32Array(count);
  for (let e = 0; e < count; e++) order[e] = e;
  const { person, at } = columns;
  order.sort((a, b) => person[a]! - person[b]! || at[a]! - at[b]! || a - b);
  return pick(items, people, columns, order);
}

/**
 * The same catalogue with only some of the events.
 *
 * @param dataset Where to choose from.
 * @param keep Called with each event's position; true keeps it.
 * @returns A dataset with the same items and people, hence the same indices.
 */
export function filterEvents(dataset: Dataset, keep: (event: number) => boolean): Dataset {
  const kept: number[] = [];
  for (let e = 0; e < dataset.events.person.length; e++) if (keep(e)) kept.push(e);
  return pick(dataset.items, dataset.people, dataset.events, Int32Array.from(kept));
}

function pick(
  items: readonly Item[],
  people: readonly Person[],
  columns: EventColumns,
  order: Int32Array,
): Dataset {
  const count = order.length;
  const events = {
    person: new Int32Array(count),
    item: new Int32Array(count),
    kind: new Uint8Array(count),
    at: new Float64Array(count),
    watchFraction: new Float32Array(count),
    ...(columns.watchSeconds ? { watchSeconds: new Float32Array(count) } : {}),
  };
  const offsets = new Int32Array(people.length + 1);
  for (let e = 0; e < count; e++) {
    const from = order[e]!;
    events.person[e] = columns.person[from]!;
    events.item[e] = columns.item[from]!;
    events.kind[e] = columns.kind[from]!;
    events.at[e] = columns.at[from]!;
    events.watchFraction[e] = columns.watchFraction[from]!;
    if (events.watchSeconds) events.watchSeconds[e] = columns.watchSeconds![from]!;
    offsets[columns.person[from]! + 1]!++;
  }
  for (let p = 0; p < people.length; p++) offsets[p + 1]! += offsets[p]!;
  return { kind: "dataset", items, people, events, offsets };
}
