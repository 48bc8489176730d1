import {
  type CatalogueEvent,
  type CatalogueStore,
  type Item,
  maxIdLength,
  type Person,
  type PutCounts,
} from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { putEvents } from "./put-events.ts";
import { putItems } from "./put-items.ts";
import { putPeople } from "./put-people.ts";
import { storableText } from "./storable-json.ts";

/** Rows of every kind. */
export type Batch = Parameters<CatalogueStore["putBatch"]>[0];
type Tally = { -readonly [Count in keyof PutCounts]: number };

// Large enough that a round trip costs nothing beside the work, small enough that a statement stays in cache.
const chunkRows = 5000;

/**
 * Writes a batch: items and people before the events that name them.
 *
 * @param trx A transaction.
 * @param batch As for `putBatch`; ids and times are checked.
 * @returns What was done to how many rows.
 */
export async function writeBatch(trx: Connection, batch: Batch): Promise<PutCounts> {
  const tally: Tally = { inserted: 0, updated: 0, unchanged: 0, orphaned: 0 };
  const { items = [], people = [], newPeople = [], events = [] } = batch;
  const write = async <Row>(
    rows: readonly Row[],
    key: (row: Row) => string,
    put: (rows: readonly Row[]) => Promise<{ inserted: number; updated: number; orphaned?: number }>,
    replaces: (row: Row, known: Row) => boolean = () => true,
  ): Promise<void> => {
    const unique = latestByKey(rows, key, replaces);
    let unchanged = rows.length - unique.length;
    for (let start = 0; start < unique.length; start += chunkRows) {
      const chunk = unique.slice(start, start + chunkRows);
      const written = await put(chunk);
      const orphaned = written.orphaned ?? 0;
      tally.inserted += written.inserted;
      tally.updated += written.updated;
      tally.orphaned += orphaned;
      unchanged += chunk.length - written.inserted - written.updated - orphaned;
    }
    tally.unchanged += unchanged;
  };
  const byId = (row: Item | Person): string => storableText(row.id);
  await write(items, byId, (rows) => putItems(trx, rows));
  await write(people, byId, (rows) => putPeople(trx, rows, { keepKnown: false }));
  // Of people we hardly know the first row stands, as it would if they came one by one.
  await write(
    newPeople,
    byId,
    (rows) => putPeople(trx, rows, { keepKnown: true }),
    () => false,
  );
  await write(events, eventKey, (rows) => putEvents(trx, rows), supersedes);
  return tally;
}

// A statement may touch a row once: of rows with one key the one that would stand at the end is sent, and the others
// count as unchanged.
function latestByKey<Row>(
  rows: readonly Row[],
  key: (row: Row) => string,
  replaces: (row: Row, known: Row) => boolean,
): readonly Row[] {
  const latest = new Map<string, Row>();
  for (const row of rows) {
    const id = key(row);
    const known = latest.get(id);
    if (known === undefined || replaces(row, known)) latest.set(id, row);
  }
  return latest.size === rows.length ? rows : [...latest.values()];
}

function eventKey(event: CatalogueEvent): string {
  const decision = event.kind === "view" ? event.at : "";
  return `${decision}\0${storableText(event.personId)}\0${storableText(event.itemId)}`;
}

function supersedes(event: CatalogueEvent, known: CatalogueEvent): boolean {
  if (event.kind === "view") return true;
  return event.at > known.at || (event.at === known.at && event.kind === "nope");
}

/** Throws RangeError where an id or a time could not be stored. */
export function checkBatch(batch: Batch): void {
  for (const row of [...(batch.items ?? []), ...(batch.people ?? []), ...(batch.newPeople ?? [])]) {
    if (row.id.length > 0 && row.id.length <= maxIdLength) continue;
    throw new RangeError(
      `Cannot store a row as its id must have 1 to ${maxIdLength} characters: current length is ${row.id.length}`,
    );
  }
  for (const event of batch.events ?? []) {
    // Years -4712 to 275760, what both Postgres and JavaScript can say.
    if (event.at > -2.1e14 && event.at <= 8.64e15) continue;
    throw new RangeError(`Cannot store an event as its time must be a moment: current value is ${event.at}`);
  }
}
