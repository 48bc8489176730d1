import { sql } from "kysely";
import type { Item } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { itemToRow } from "./item-row.ts";
import { storableJson } from "./storable-json.ts";

/** Written rows of one statement. */
export interface Written {
  readonly inserted: number;
  readonly updated: number;
}

/**
 * Upserts items with their performers and tags, in one statement.
 *
 * @param db Where to.
 * @param items Each id once.
 * @returns What was written; the rest was as it is.
 */
export async function putItems(db: Connection, items: readonly Item[]): Promise<Written> {
  const rows = storableJson(items.map(itemToRow));
  const { rows: counts } = await sql<Written>`
    with incoming as materialized (
      select r.*, md5((j.value - 'withdrawn')::text) as content_hash
      from jsonb_array_elements(${rows}::text::jsonb) as j,
      jsonb_to_record(j.value) as r(
        video_id text, title text, description text, maker text, series text, genres text[], performers text[],
        tags text[], price double precision, duration_minutes double precision, review_count double precision,
        review_average double precision, thumbnail_url text, attributes jsonb, released_at double precision,
        withdrawn boolean)
    ),
    written as (
      insert into videos (video_id, title, description, maker, series, genres, price, duration_minutes, review_count,
        review_average, thumbnail_url, attributes, released_at, withdrawn, content_hash)
      select i.video_id, i.title, i.description, i.maker, i.series, i.genres, i.price, i.duration_minutes,
        i.review_count, i.review_average, i.thumbnail_url, i.attributes, to_timestamp(i.released_at / 1000),
        coalesce(i.withdrawn, v.withdrawn, false), i.content_hash
      from incoming i left join videos v using (video_id)
      order by i.video_id
      on conflict (video_id) do update set
        title = excluded.title, description = excluded.description, maker = excluded.maker, series = excluded.series,
        genres = excluded.genres, price = excluded.price, duration_minutes = excluded.duration_minutes,
        review_count = excluded.review_count, review_average = excluded.review_average,
        thumbnail_url = excluded.thumbnail_url, attributes = excluded.attributes,
        released_at = excluded.released_at, withdrawn = excluded.withdrawn, content_hash = excluded.content_hash,
        updated_at = now()
      where videos.content_hash <> excluded.content_hash or videos.withdrawn <> excluded.withdrawn
      returning video_id, xmax = 0 as fresh
    ),
    changed as materialized (select i.* from incoming i join written w using (video_id)),
    cast_rows as (
      select c.video_id, (p.position - 1)::int as position, p.name
      from changed c, unnest(c.performers) with ordinality as p (name, position)
    ),
    tag_rows as (
      select c.video_id, (t.position - 1)::int as position, t.name
      from changed c, unnest(c.tags) with ordinality as t (name, position)
    ),
    new_performers as (
      insert into performers (performer_id, name) select distinct name, name from cast_rows order by 1
      on conflict (performer_id) do nothing
    ),
    new_tags as (
      insert into tags (tag_id, name) select distinct name, name from tag_rows order by 1
      on conflict (tag_id) do nothing
    ),
    new_cast as (
      insert into video_performers (video_id, position, performer_id) select video_id, position, name from cast_rows
      on conflict (video_id, position) do update set performer_id = excluded.performer_id
    ),
    old_cast as (
      delete from video_performers j using changed c
      where j.video_id = c.video_id and j.position >= coalesce(cardinality(c.performers), 0)
    ),
    new_video_tags as (
      insert into video_tags (video_id, position, tag_id) select video_id, position, name from tag_rows
      on conflict (video_id, position) do update set tag_id = excluded.tag_id
    ),
    old_video_tags as (
      delete from video_tags j using changed c
      where j.video_id = c.video_id and j.position >= coalesce(cardinality(c.tags), 0)
    )
    select count(*) filter (where fresh)::int as inserted, count(*) filter (where not fresh)::int as updated
    from written`.execute(db);
  return counts[0]!;
}
