import { sql } from "kysely";
import {
  type CatalogueEvent,
  type CatalogueStore,
  eventKinds,
  type Item,
  type Person,
} from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { type ItemRow, rowToItem } from "./item-row.ts";
import { type EventRow, type PersonRow, rowToEvent, rowToPerson } from "./row-types.ts";
import { storableJson } from "./storable-json.ts";

/** Items by id order, in pages. */
export async function* readItems(
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

/** People by id order, in pages. */
export async function* readPeople(
  db: Connection,
  { pageSize = 1000 }: NonNullable<Parameters<CatalogueStore["people"]>[0]>,
): AsyncGenerator<readonly Person[]> {
  checkPageSize(pageSize);
  let after = "";
  for (;;) {
    const { rows } = await sql<PersonRow>`
      select user_id, attributes, taste, round(extract(epoch from age_confirmed_at) * 1000)::double precision as age
      from profiles where user_id > ${after} order by user_id limit ${pageSize}`.execute(db);
    if (rows.length > 0) yield rows.map(rowToPerson);
    if (rows.length < pageSize) return;
    after = rows.at(-1)!.user_id;
  }
}

/** All events in pages, by person, time, item and kind. */
export async function* readEvents(
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
