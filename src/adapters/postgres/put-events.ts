import { sql } from "kysely";
import type { CatalogueEvent } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import type { Written } from "./put-items.ts";
import { storableJson } from "./storable-json.ts";

/** Written rows, and how many rows named nobody or nothing we know. */
export interface EventsWritten extends Written {
  readonly orphaned: number;
}

/**
 * Upserts events. A like and a nope of one person for one video are one decision, of which the latest stands and at
 * equal times the nope; it lies in `likes` or in `user_video_decisions`, never in both.
 *
 * @param db A transaction: the people are locked first, so that two writers cannot each miss the other's decision.
 * @param events Each decision and each view once.
 * @returns What was written.
 */
export async function putEvents(db: Connection, events: readonly CatalogueEvent[]): Promise<EventsWritten> {
  const people = storableJson([...new Set(events.map((event) => event.personId))]);
  await sql`
    select from profiles where user_id in (select jsonb_array_elements_text(${people}::text::jsonb))
    order by user_id for no key update`.execute(db);
  const decisions = events.filter((event) => event.kind !== "view");
  const views = events.filter((event) => event.kind === "view");
  const total = { inserted: 0, updated: 0, orphaned: 0 };
  for (const written of [
    decisions.length > 0 && (await putDecisions(db, decisions)),
    views.length > 0 && (await putViews(db, views)),
  ]) {
    if (written === false) continue;
    total.inserted += written.inserted;
    total.updated += written.updated;
    total.orphaned += written.orphaned;
  }
  return total;
}

async function putDecisions(db: Connection, events: readonly CatalogueEvent[]): Promise<EventsWritten> {
  const rows = storableJson(events.map((event) => [event.personId, event.itemId, event.kind, event.at]));
  const { rows: counts } = await sql<EventsWritten>`
    with incoming as materialized (
      select j.value->>0 as user_id, j.value->>1 as video_id, j.value->>2 = 'nope' as nope,
        to_timestamp((j.value->>3)::double precision / 1000) as at
      from jsonb_array_elements(${rows}::text::jsonb) as j
    ),
    judged as materialized (
      select i.*,
        p.user_id is null or v.video_id is null as orphan,
        l.created_at is null and d.decided_at is null as fresh,
        -- Newer than both; at the moment of a like a nope wins, at that of a nope nothing does.
        i.at > coalesce(greatest(l.created_at, d.decided_at), '-infinity')
          or (i.nope and i.at = l.created_at and d.decided_at is null) as wins
      from incoming i
      left join profiles p on p.user_id = i.user_id
      left join videos v on v.video_id = i.video_id
      left join likes l on l.user_id = i.user_id and l.video_id = i.video_id
      left join user_video_decisions d
        on d.user_id = i.user_id and d.video_id = i.video_id and d.decision = 'nope'
    ),
    winners as materialized (select * from judged where wins and not orphan order by user_id, video_id),
    unliked as (
      delete from likes l using winners w where w.nope and l.user_id = w.user_id and l.video_id = w.video_id
    ),
    unrefused as (
      delete from user_video_decisions d using winners w
      where not w.nope and d.user_id = w.user_id and d.video_id = w.video_id
    ),
    liked as (
      insert into likes (user_id, video_id, created_at) select user_id, video_id, at from winners where not nope
      on conflict (user_id, video_id) do update set created_at = excluded.created_at
    ),
    refused as (
      insert into user_video_decisions (user_id, video_id, decision, decided_at)
      select user_id, video_id, 'nope', at from winners where nope
      on conflict (user_id, video_id) do update set decision = 'nope', decided_at = excluded.decided_at
    )
    select count(*) filter (where wins and fresh and not orphan)::int as inserted,
      count(*) filter (where wins and not fresh and not orphan)::int as updated,
      count(*) filter (where orphan)::int as orphaned
    from judged`.execute(db);
  return counts[0]!;
}

async function putViews(db: Connection, events: readonly CatalogueEvent[]): Promise<EventsWritten> {
  const rows = storableJson(
    events.map((event) => [
      event.personId,
      event.itemId,
      event.at,
      event.watchFraction ?? null,
      event.watchSeconds ?? null,
    ]),
  );
  const { rows: counts } = await sql<EventsWritten>`
    with incoming as materialized (
      select j.value->>0 as user_id, j.value->>1 as video_id,
        to_timestamp((j.value->>2)::double precision / 1000) as at,
        (j.value->>3)::double precision as watch_fraction, (j.value->>4)::double precision as watch_seconds
      from jsonb_array_elements(${rows}::text::jsonb) as j
    ),
    known as materialized (
      select i.* from incoming i join profiles p on p.user_id = i.user_id join videos v on v.video_id = i.video_id
      order by i.user_id, i.video_id, i.at
    ),
    written as (
      insert into video_views (user_id, video_id, viewed_at, watch_fraction, watch_seconds)
      select user_id, video_id, at, watch_fraction, watch_seconds from known
      on conflict (user_id, video_id, viewed_at) do update
        set watch_fraction = excluded.watch_fraction, watch_seconds = excluded.watch_seconds
      where (video_views.watch_fraction, video_views.watch_seconds)
        is distinct from (excluded.watch_fraction, excluded.watch_seconds)
      returning xmax = 0 as fresh
    )
    select count(*) filter (where fresh)::int as inserted, count(*) filter (where not fresh)::int as updated,
      (select count(*) from incoming)::int - (select count(*) from known)::int as orphaned
    from written`.execute(db);
  return counts[0]!;
}
