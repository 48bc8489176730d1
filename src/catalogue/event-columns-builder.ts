import type { EventColumns } from "./dataset.ts";
import { type CatalogueEvent, eventKinds } from "./event.ts";

/** Gathers events into columns that grow as they come. */
export interface EventColumnsBuilder {
  /** False where the event names an item or a person that is not listed; it is then left out. */
  add(event: CatalogueEvent): boolean;
  /** The columns so far, in the order of adding. */
  build(): EventColumns;
}

const kindCodes: Readonly<Record<string, number>> = Object.fromEntries(
  eventKinds.map((kind, code) => [kind, code]),
);

/**
 * A builder of event columns, 25 bytes an event.
 *
 * @param items What the item column indexes.
 * @param people What the person column indexes.
 * @returns An empty builder.
 * @throws RangeError When an id occurs twice.
 */
export function createEventColumnsBuilder(
  items: readonly { readonly id: string }[],
  people: readonly { readonly id: string }[],
): EventColumnsBuilder {
  const itemIndex = indexById(items, "item");
  const personIndex = indexById(people, "person");
  let columns = emptyColumns(1024);
  let count = 0;
  // The column of seconds is there only where somebody knows any.
  let anySeconds = false;
  return {
    add({ personId, itemId, kind, at, watchFraction, watchSeconds }) {
      const person = personIndex.get(personId);
      const item = itemIndex.get(itemId);
      if (person === undefined || item === undefined) return false;
      if (count === columns.person.length) columns = grown(columns);
      columns.person[count] = person;
      columns.item[count] = item;
      columns.kind[count] = kindCodes[kind]!;
      columns.at[count] = at;
      columns.watchFraction[count] = watchFraction ?? Number.NaN;
      columns.watchSeconds[count] = watchSeconds ?? Number.NaN;
      anySeconds ||= watchSeconds !== undefined;
      count++;
      return true;
    },
    build: () => ({
      person: columns.person.slice(0, count),
      item: columns.item.slice(0, count),
      kind: columns.kind.slice(0, count),
      at: columns.at.slice(0, count),
      watchFraction: columns.watchFraction.slice(0, count),
      ...(anySeconds ? { watchSeconds: columns.watchSeconds.slice(0, count) } : {}),
    }),
  };
}

function indexById(rows: readonly { readonly id: string }[], what: string): Map<string, number> {
  const index = new Map<string, number>();
  for (const [position, row] of rows.entries()) {
    if (index.has(row.id)) throw new RangeError(`Cannot build a dataset as each ${what} id must occur once`);
    index.set(row.id, position);
  }
  return index;
}

function emptyColumns(length: number): Required<EventColumns> {
  return {
    person: new Int32Array(length),
    item: new Int32Array(length),
    kind: new Uint8Array(length),
    at: new Float64Array(length),
    watchFraction: new Float32Array(length),
    watchSeconds: new Float32Array(length),
  };
}

function grown(columns: Required<EventColumns>): Required<EventColumns> {
  const larger = emptyColumns(columns.person.length * 2);
  larger.person.set(columns.person);
  larger.item.set(columns.item);
  larger.kind.set(columns.kind);
  larger.at.set(columns.at);
  larger.watchFraction.set(columns.watchFraction);
  larger.watchSeconds.set(columns.watchSeconds);
  return larger;
}
