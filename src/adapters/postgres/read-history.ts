import { sql } from "kysely";
import type { PersonHistory } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { type ItemRow, rowToItem } from "./item-row.ts";
import { type EventRow, type PersonRow, rowToEvent, rowToPerson } from "./row-types.ts";

interface HistoryRow extends PersonRow {
  readonly events: readonly EventRow[];
  readonly items: readonly ItemRow[];
}

/**
 * A person, their latest events and the items of those, in one round trip.
 *
 * @param db Where from.
 * @param query Whose, and how many events at most.
 * @returns Events newest last; undefined for nobody.
 */
export async function readHistory(
  db: Connection,
  query: { readonly personId: string; readonly limit: number },
): Promise<PersonHistory | undefined> {
  const { personId, limit } = query;
  if (!(Number.isInteger(limit) && limit >= 0)) {
    throw new RangeError(`Cannot read a history as limit must be a whole number: current value is ${limit}`);
  }
  // Each branch reads no more than the limit from its own index on (person, time).
  const { rows } = await sql<HistoryRow>`
    with latest as materialized (
      select * from (
        (select video_id, 0 as kind, created_at as at, null::double precision as watch_fraction,
          null::double precision as watch_seconds
          from likes where user_id = ${personId} order by created_at desc, video_id desc limit ${limit})
        union all
        (select video_id, 1, decided_at, null, null from user_video_decisions
          where user_id = ${personId} and decision = 'nope' order by decided_at desc, video_id desc limit ${limit})
        union all
        (select video_id, 2, viewed_at, watch_fraction, watch_seconds from video_views
          where user_id = ${personId} order by viewed_at desc, video_id desc limit ${limit})
      ) e order by at desc, video_id desc, kind desc limit ${limit}
    )
    select p.user_id, p.attributes, round(extract(epoch from p.age_confirmed_at) * 1000)::double precision as age,
      (select coalesce(json_agg(json_build_object('user_id', p.user_id, 'video_id', e.video_id, 'kind', e.kind,
          'at', round(extract(epoch from e.at) * 1000)::double precision,
          'watch_fraction', e.watch_fraction, 'watch_seconds', e.watch_seconds) order by e.at, e.video_id, e.kind), '[]')
        from latest e) as events,
      (select coalesce(json_agg(json_build_object('video_id', v.video_id, 'title', v.title,
          'description', v.description, 'maker', v.maker, 'series', v.series, 'genres', v.genres,
          'performers', v.performers, 'tags', v.tags, 'price', v.price, 'duration_minutes', v.duration_minutes,
          'review_count', v.review_count, 'review_average', v.review_average, 'thumbnail_url', v.thumbnail_url,
          'attributes', v.attributes, 'withdrawn', v.withdrawn,
          'released_at', round(extract(epoch from v.released_at) * 1000)::double precision)), '[]')
        from catalogue_items v where v.video_id in (select video_id from latest)) as items
    from profiles p where p.user_id = ${personId}`.execute(db);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    person: rowToPerson(row),
    events: row.events.map(rowToEvent),
    items: new Map(row.items.map((item) => [item.video_id, rowToItem(item)])),
  };
}
