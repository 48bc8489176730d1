import { canonicalJson } from "../base/mod.ts";
import { checkedBlocks } from "./checked-blocks.ts";
import { checkedTaste } from "./checked-taste.ts";
import type { CatalogueEvent } from "./event.ts";
import type { Item } from "./item.ts";
import { itemFacts } from "./item-facts.ts";
import type { Person, Taste } from "./person.ts";
import type { Blocks, CatalogueStore, ImportCursor, PersonHistory, PutCounts } from "./store.ts";

/** The longest id a catalogue or a person may have, in UTF-16 code units. */
export const maxIdLength = 200;

/** What {@link createMemoryCatalogue} starts from. */
export interface MemoryCatalogueOptions {
  readonly items?: readonly Item[];
  readonly people?: readonly Person[];
  readonly events?: readonly CatalogueEvent[];
}

/** A catalogue in memory, which people can be removed from; see `createMemoryPersonRecords`. */
export interface MemoryCatalogue extends CatalogueStore {
  /** Removes a person and what is kept of them here; true where there was one. */
  removePerson(personId: string): boolean;
}

type Tally = { -readonly [Count in keyof PutCounts]: number };

/**
 * A catalogue kept in memory: the reference for what every {@link CatalogueStore} does, and enough for tests,
 * scripts and small catalogues.
 *
 * @param initial Rows to begin with; events of unknown people or items are left out, as by `putEvents`.
 * @returns An empty or filled store.
 * @throws RangeError When an id is empty or longer than 200 characters.
 *
 * @example
 * ```ts
 * import { createMemoryCatalogue } from "futago";
 * const store = createMemoryCatalogue({ items: [{ id: "v1", title: "Harbour at dawn", fields: {} }] });
 * await store.counts(); // { items: 1, people: 0, events: 0 }
 * ```
 */
export function createMemoryCatalogue(initial: MemoryCatalogueOptions = {}): MemoryCatalogue {
  const items = new Map<string, Item>();
  const people = new Map<string, Person>();
  const events = new Map<string, Map<string, CatalogueEvent>>();
  const cursors = new Map<string, ImportCursor>();
  const blocked = new Map<string, Blocks>();
  /** Every performer that an item has ever named, and whether they are taken down. */
  const performers = new Map<string, boolean>();

  // `items` holds what is said of each item on its own; this is how it reads.
  const read = (id: string): Item => {
    const item = items.get(id)!;
    const withdrawn = itemFacts(item).performers.some((name) => performers.get(name));
    return withdrawn ? normalItem({ ...item, withdrawn }) : item;
  };

  const putItem = (item: Item, tally: Tally): void => {
    const known = items.get(item.id);
    // A take-down outlives the next import: only an explicit `withdrawn: false` puts an item back.
    const withdrawn = item.withdrawn ?? known?.withdrawn ?? false;
    put(items, normalItem({ ...item, withdrawn }), tally);
    for (const name of itemFacts(item).performers) {
      if (!performers.has(name)) performers.set(name, false);
    }
  };
  const putEvent = (event: CatalogueEvent, tally: Tally): void => {
    if (!people.has(event.personId) || !items.has(event.itemId)) {
      tally.orphaned++;
      return;
    }
    const own = events.get(event.personId) ?? new Map<string, CatalogueEvent>();
    events.set(event.personId, own);
    const key = slot(event);
    const known = own.get(key);
    if (known === undefined) tally.inserted++;
    else if (event.kind !== "view" && !supersedes(event, known)) {
      tally.unchanged++;
      return;
    } else if (canonicalJson(known) === canonicalJson(event)) {
      tally.unchanged++;
      return;
    } else tally.updated++;
    own.set(key, Object.freeze({ ...event }));
  };
  const putAll = (batch: Parameters<CatalogueStore["putBatch"]>[0]): PutCounts => {
    const rows = [...(batch.items ?? []), ...(batch.people ?? []), ...(batch.newPeople ?? [])];
    for (const row of rows) checkId(row.id);
    const tally: Tally = { inserted: 0, updated: 0, unchanged: 0, orphaned: 0 };
    for (const item of batch.items ?? []) putItem(item, tally);
    for (const person of batch.people ?? []) {
      put(people, normalPerson(person, people.get(person.id)?.taste), tally);
    }
    for (const person of batch.newPeople ?? []) {
      if (people.has(person.id)) tally.unchanged++;
      else put(people, normalPerson(person), tally);
    }
    for (const event of batch.events ?? []) putEvent(event, tally);
    return tally;
  };
  putAll(initial);

  return {
    putItems: async (rows) => putAll({ items: rows }),
    putPeople: async (rows) => putAll({ people: rows }),
    putEvents: async (rows) => putAll({ events: rows }),
    putBatch: async (batch, cursor) => {
      const counts = putAll(batch);
      if (cursor !== undefined) cursors.set(cursor.source, structuredClone(cursor));
      return counts;
    },
    importCursor: async (source) => cursors.get(source),
    clearImportCursor: async (source) => {
      cursors.delete(source);
    },
    async *items({ ids, pageSize = 1000 } = {}) {
      const wanted = ids === undefined ? [...items.keys()] : [...new Set(ids)].filter((id) => items.has(id));
      yield* pages(wanted.sort(byCodeUnit).map(read), pageSize);
    },
    async *people({ pageSize = 1000 } = {}) {
      yield* pages(
        [...people.keys()].sort(byCodeUnit).map((id) => people.get(id)!),
        pageSize,
      );
    },
    async *events({ pageSize = 10_000 } = {}) {
      const all = [...events.keys()].sort(byCodeUnit).flatMap((id) => inOrder(events.get(id)!));
      yield* pages(all, pageSize);
    },
    history: async (personId, { limit }): Promise<PersonHistory | undefined> => {
      const person = people.get(personId);
      if (person === undefined) return undefined;
      const own = inOrder(events.get(personId) ?? new Map());
      const latest = own.slice(Math.max(0, own.length - limit));
      return {
        person,
        events: latest,
        items: new Map(latest.map((event) => [event.itemId, read(event.itemId)])),
      };
    },
    counts: async () => {
      let count = 0;
      for (const own of events.values()) count += own.size;
      return { items: items.size, people: people.size, events: count };
    },
    setWithdrawn: async (itemId, withdrawn) => {
      const item = items.get(itemId);
      if (item === undefined) return false;
      items.set(itemId, normalItem({ ...item, withdrawn }));
      return true;
    },
    setPerformerWithdrawn: async (name, withdrawn) => {
      const known = performers.has(name);
      if (known) performers.set(name, withdrawn);
      return known;
    },
    setBlocks: async (personId, blocks) => {
      const checked = checkedBlocks(blocks);
      const known = people.has(personId);
      if (known) blocked.set(personId, checked);
      return known;
    },
    declare: async (personId, { taste, fields }) => {
      checkId(personId);
      const { taste: before, ...known } = people.get(personId) ?? { id: personId, fields: {} };
      const said = { ...before, ...(taste && checkedTaste(taste)) };
      const now = Object.keys(said).length === 0 ? undefined : said;
      people.set(personId, normalPerson({ ...known, fields: { ...known.fields, ...fields } }, now));
    },
    blocks: async (personId) =>
      people.has(personId) ? (blocked.get(personId) ?? { makers: [], performers: [] }) : undefined,
    removePerson: (personId) => {
      blocked.delete(personId);
      events.delete(personId);
      return people.delete(personId);
    },
  };
}

// A like and a nope of one person for one item are one decision; each view is its own.
function slot(event: CatalogueEvent): string {
  return event.kind === "view" ? `${event.at}:${event.itemId}` : `:${event.itemId}`;
}

// The later decision wins, and at equal times the nope: whatever order rows arrive in, the same one is kept.
function supersedes(event: CatalogueEvent, known: CatalogueEvent): boolean {
  return event.at > known.at || (event.at === known.at && event.kind === "nope" && known.kind === "like");
}

function inOrder(own: ReadonlyMap<string, CatalogueEvent>): CatalogueEvent[] {
  return [...own.values()].sort(
    (a, b) => a.at - b.at || byCodeUnit(a.itemId, b.itemId) || byCodeUnit(a.kind, b.kind),
  );
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function put<Row extends { readonly id: string }>(rows: Map<string, Row>, row: Row, tally: Tally): void {
  const known = rows.get(row.id);
  if (known === undefined) tally.inserted++;
  else if (canonicalJson(known) === canonicalJson(row)) {
    tally.unchanged++;
    return;
  } else tally.updated++;
  rows.set(row.id, row);
}

// Copies, so that a caller who changes a row later does not change the store.
function normalItem(item: Item): Item {
  const { withdrawn, releasedAt, ...rest } = structuredClone(item);
  return Object.freeze({
    ...rest,
    ...(releasedAt === undefined ? {} : { releasedAt }),
    ...(withdrawn ? { withdrawn } : {}),
  });
}

function normalPerson(person: Person, taste?: Taste): Person {
  const { ageConfirmedAt, taste: _, ...rest } = structuredClone(person);
  return Object.freeze({
    ...rest,
    ...(ageConfirmedAt === undefined ? {} : { ageConfirmedAt }),
    ...(taste === undefined ? {} : { taste }),
  });
}

function checkId(id: string): void {
  if (id.length > 0 && id.length <= maxIdLength) return;
  throw new RangeError(
    `Cannot store a row as its id must have 1 to ${maxIdLength} characters: current length is ${id.length}`,
  );
}

function* pages<Row>(rows: readonly Row[], size: number): Generator<readonly Row[]> {
  if (!(Number.isInteger(size) && size > 0)) {
    throw new RangeError(`Cannot page as pageSize must be a positive whole number: current value is ${size}`);
  }
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}
