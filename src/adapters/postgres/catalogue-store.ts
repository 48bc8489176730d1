import { sql } from "kysely";
import {
  type CatalogueEvent,
  type CatalogueStore,
  eventKinds,
  type Item,
  maxIdLength,
  type Person,
  type PutCounts,
} from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { type ItemRow, rowToItem } from "./item-row.ts";
import { putEvents } from "./put-events.ts";
import { putItems } from "./put-items.ts";
import { putPeople } from "./put-people.ts";
import { readHistory } from "./read-history.ts";
import { repeatDeadlocked } from "./repeat-deadlocked.ts";
import { type EventRow, type PersonRow, rowToEvent, rowToPerson } from "./row-types.ts";
import { storableJson, storableText } from "./storable-json.ts";

type Batch = Parameters<CatalogueStore["putBatch"]>[0];
type Tally = { -readonly [Count in keyof PutCounts]: number };

// Large enough that a round trip costs nothing beside the work, small enough that a statement stays in cache.
const chunkRows = 5000;

/**
 * The catalogue over Postgres or PGlite.
 *
 * @param db A migrated database.
 * @returns The store.
 */
export function createCatalogueStore(db: Connection): CatalogueStore {
  const putBatch: CatalogueStore["putBatch"] = async (batch, cursor) => {
    check(batch);
    return repeatDeadlocked(db, async (trx) => {
      const counts = await writeBatch(trx, batch);
      if (cursor !== undefined) {
        const lines = storableJson(cursor.lines);
        await sql`insert into import_cursors (source, lines) values (${cursor.source}, ${lines}::text::jsonb)
          on conflict (source) do update set lines = excluded.lines, updated_at = now()`.execute(trx);
      }
      return counts;
    });
  };
  return {
    putItems: (items) => putBatch({ items }),
    putPeople: (people) => putBatch({ people }),
    putEvents: (events) => putBatch({ events }),
    putBatch,
    importCursor: (source) =>
      db
        .selectFrom("import_cursors")
        .select(["source", "lines"])
        .where("source", "=", source)
        .executeTakeFirst(),
    clearImportCursor: async (source) => {
      await db.deleteFrom("import_cursors").where("source", "=", source).execute();
    },
    items: (options = {}) => readItems(db, options),
    people: (options = {}) => readPeople(db, options),
    events: (options = {}) => readEvents(db, options),
    history: (personId, options) => readHistory(db, { personId: storableText(personId), ...options }),
    counts: async () => {
      const { rows } = await sql<{ items: number; people: number; events: number }>`
        select (select count(*) from videos)::int as items, (select count(*) from profiles)::int as people,
          (select count(*) from catalogue_events)::int as events`.execute(db);
      return rows[0]!;
    },
    setWithdrawn: async (itemId, withdrawn) => {
      const { rows } = await sql`update videos set withdrawn = ${withdrawn},
          updated_at = case when withdrawn = ${withdrawn} then updated_at else now() end
        where video_id = ${storableText(itemId)} returning video_id`.execute(db);
      return rows.length > 0;
    },
  };
}

async function writeBatch(trx: Connection, batch: Batch): Promise<PutCounts> {
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

function check(batch: Batch): void {
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

async function* readItems(
  db: Connection,
  { ids, pageSize = 1000 }: NonNullable<Parameters<CatalogueStore["items"]>[0]>,
): AsyncGenerator<readonly Item[]> {
  checkPageSize(pageSize);
  const wanted = ids === undefined ? null : storableJson(ids);
  let after = "";
  for (;;) {
    const among =
      wanted === null
        ? sql``
        : sql`and video_id in (select jsonb_array_elements_text(${wanted}::text::jsonb))`;
    const { rows } = await sql<ItemRow>`
      select video_id, title, description, maker, series, genres, performers, tags, price, duration_minutes,
        review_count, review_average, thumbnail_url, attributes, withdrawn,
        round(extract(epoch from released_at) * 1000)::double precision as released_at
      from catalogue_items where video_id > ${after} ${among} order by video_id limit ${pageSize}`.execute(
      db,
    );
    if (rows.length > 0) yield rows.map(rowToItem);
    if (rows.length < pageSize) return;
    after = rows.at(-1)!.video_id;
  }
}

async function* readPeople(
  db: Connection,
  { pageSize = 1000 }: NonNullable<Parameters<CatalogueStore["people"]>[0]>,
): AsyncGenerator<readonly Person[]> {
  checkPageSize(pageSize);
  let after = "";
  for (;;) {
    const { rows } = await sql<PersonRow>`
      select user_id, attributes, round(extract(epoch from age_confirmed_at) * 1000)::double precision as age
      from profiles where user_id > ${after} order by user_id limit ${pageSize}`.execute(db);
    if (rows.length > 0) yield rows.map(rowToPerson);
    if (rows.length < pageSize) return;
    after = rows.at(-1)!.user_id;
  }
}

async function* readEvents(
  db: Connection,
  { pageSize = 10_000 }: NonNullable<Parameters<CatalogueStore["events"]>[0]>,
): AsyncGenerator<readonly CatalogueEvent[]> {
  checkPageSize(pageSize);
  // Whole people at a time, for their ids are the leading column of every index; then cut into pages.
  const peopleAtOnce = Math.max(1, Math.ceil(pageSize / 100));
  let after = "";
  let waiting: CatalogueEvent[] = [];
  for (;;) {
    const range = await sql<{ last: string | null; people: number }>`
      select max(user_id) as last, count(*)::int as people from (
        select user_id from profiles where user_id > ${after} order by user_id limit ${peopleAtOnce}
      ) p`.execute(db);
    const { last, people } = range.rows[0]!;
    if (last !== null) {
      const { rows } = await sql<EventRow>`
        select user_id, video_id, kind, round(extract(epoch from at) * 1000)::double precision as at,
          watch_fraction, watch_seconds
        from catalogue_events where user_id > ${after} and user_id <= ${last}
        order by user_id, at, video_id, kind`.execute(db);
      waiting = waiting.length === 0 ? rows.map(rowToEvent) : [...waiting, ...rows.map(rowToEvent)];
      after = last;
    }
    const done = last === null || people < peopleAtOnce;
    let start = 0;
    for (; waiting.length - start >= pageSize || (done && start < waiting.length); start += pageSize) {
      yield waiting.slice(start, start + pageSize);
    }
    if (done) return;
    waiting = waiting.slice(start);
  }
}

function checkPageSize(pageSize: number): void {
  if (Number.isInteger(pageSize) && pageSize > 0) return;
  throw new RangeError(
    `Cannot page as pageSize must be a positive whole number: current value is ${pageSize}`,
  );
}

// The view says 0, 1, 2; the order of eventKinds must be that.
eventKinds satisfies readonly ["like", "nope", "view"];
