import type { CatalogueEvent, CatalogueStore, Item, Person, PersonHistory } from "../catalogue/mod.ts";

/**
 * Everybody's latest events, streamed: people and events come in the same order of ids, so the two streams are merged
 * and nothing but the catalogue's items is held in memory.
 *
 * @param store Where from.
 * @param options `limit`: events kept of each person, the newest.
 * @returns People by id order, each with their events, newest last.
 */
export async function* peopleHistories(
  store: CatalogueStore,
  options: { readonly limit: number },
): AsyncGenerator<PersonHistory> {
  const items = new Map<string, Item>();
  for await (const page of store.items({ pageSize: 2000 })) for (const item of page) items.set(item.id, item);
  const events = flat(store.events());
  let next = await events.next();
  try {
    for await (const person of flat<Person>(store.people())) {
      const own: CatalogueEvent[] = [];
      // Rows may have come since: events of somebody who is not in the list of people are passed over.
      while (next.done !== true && next.value.personId <= person.id) {
        if (next.value.personId === person.id && items.has(next.value.itemId)) own.push(next.value);
        next = await events.next();
      }
      const latest = own.slice(Math.max(0, own.length - options.limit));
      const named = new Map(latest.map((event) => [event.itemId, items.get(event.itemId)!]));
      yield { person, events: latest, items: named };
    }
  } finally {
    await events.return(undefined);
  }
}

async function* flat<Row>(pages: AsyncIterable<readonly Row[]>): AsyncGenerator<Row, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}
