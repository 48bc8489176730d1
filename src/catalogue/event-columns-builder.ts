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
 * A builder of event columns, 21 bytes an event.
 *
 * @param items What the item column indexes.
 * @param people What the person column indexes.
 * @returns An empty builder.
 */
export function createEventColumnsBuilder(
  items: readonly { readonly id: string }[],
  people: readonly { readonly id: string }[],
): EventColumnsBuilder {
  const itemIndex = new Map(items.map(({ id }, index) => [id, index]));
  const personIndex = new Map(people.map(({ id }, index) => [id, index]));
  let columns = emptyColumns(1024);
  let count = 0;
  return {
    add({ personId, itemId, kind, at, watchFraction }) {
      const person = personIndex.get(personId);
      const item = itemIndex.get(itemId);
      if (person === undefined || item === undefined) return false;
      if (count === columns.person.length) columns = grown(columns);
      columns.person[count] = person;
      columns.item[count] = item;
      columns.kind[count] = kindCodes[kind]!;
      columns.at[count] = at;
      columns.watchFraction[count] = watchFraction ?? Number.NaN;
      count++;
      return true;
    },
    build: () => ({
      person: columns.person.slice(0, count),
      item: columns.item.slice(0, count),
      kind: columns.kind.slice(0, count),
      at: columns.at.slice(0, count),
      watchFraction: columns.watchFraction.slice(0, count),
    }),
  };
}

function emptyColumns(length: number): EventColumns {
  return {
    person: new Int32Array(length),
    item: new Int32Array(length),
    kind: new Uint8Array(length),
    at: new Float64Array(length),
    watchFraction: new Float32Array(length),
  };
}

function grown(columns: EventColumns): EventColumns {
  const larger = emptyColumns(columns.person.length * 2);
  larger.person.set(columns.person);
  larger.item.set(columns.item);
  larger.kind.set(columns.kind);
  larger.at.set(columns.at);
  larger.watchFraction.set(columns.watchFraction);
  return larger;
}
