import { type Dataset, datasetFromColumns, filterEvents } from "../catalogue/mod.ts";

/** The position of items in each viewer's own sequence: person id, then item id, then position. */
export type ViewerOrder = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Puts each viewer's events into a given order, for comparison with published figures on a published sequence.
 *
 * @param dataset What is put in order.
 * @param order Positions; events whose person or item it does not name are left out.
 * @returns The events in that order. A viewer's own times are dealt out again in it, so that time never runs backwards.
 * @throws RangeError When the order names none of the events.
 */
export function reorderEvents(dataset: Dataset, order: ViewerOrder): Dataset {
  const { person, item } = dataset.events;
  const positionOf = (event: number, source: Dataset): number =>
    order
      .get(source.people[source.events.person[event]!]!.id)
      ?.get(source.items[source.events.item[event]!]!.id) ?? -1;
  const named = filterEvents(dataset, (event) => positionOf(event, dataset) >= 0);
  const count = named.events.item.length;
  if (count === 0) {
    throw new RangeError(
      `Cannot follow the given order as it must name events of the data: none of ${person.length} events over ${new Set(item).size} items is in it`,
    );
  }
  const positions = Int32Array.from({ length: count }, (_, event) => positionOf(event, named));
  const sequence = Int32Array.from({ length: count }, (_, event) => event);
  for (let p = 0; p < named.people.length; p++) {
    sequence.subarray(named.offsets[p]!, named.offsets[p + 1]!).sort((a, b) => positions[a]! - positions[b]!);
  }
  const inOrder = <Column extends Int32Array | Uint8Array | Float32Array>(column: Column): Column =>
    column.map((_, event) => column[sequence[event]!]!) as Column;
  const { events } = named;
  return datasetFromColumns(named.items, named.people, {
    person: events.person,
    item: inOrder(events.item),
    kind: inOrder(events.kind),
    at: events.at,
    watchFraction: inOrder(events.watchFraction),
  });
}
