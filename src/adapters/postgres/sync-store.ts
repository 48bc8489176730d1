import { sql } from "kysely";
import {
  type Denial,
  maxSyncAttempts,
  type SourceStatus,
  type SyncCursor,
  type SyncFailure,
  type SyncStore,
} from "../../sync/mod.ts";
import type { Connection } from "./connection.ts";
import { finishSync } from "./finish-sync.ts";
import { repeatDeadlocked } from "./repeat-deadlocked.ts";
import { storableJson, storableText } from "./storable-json.ts";

/**
 * What syncs keep, in the tables `sync_*` and `denied_videos`.
 *
 * @param db A migrated database.
 * @returns The store.
 */
export function createSyncStore(db: Connection): SyncStore {
  const texts = (ids: readonly string[]) => sql`jsonb_array_elements_text(${storableJson(ids)}::text::jsonb)`;
  return {
    cursor: async (source, mode) => {
      const { rows } = await sql<{ cursor: SyncCursor }>`
        select cursor from sync_cursors where source = ${source} and mode = ${mode}`.execute(db);
      return rows[0]?.cursor;
    },
    sweeps: async (source) => {
      const { rows } = await sql<{ partition: string; sweep: number }>`
        select partition, sweep from sync_sweeps where source = ${source}`.execute(db);
      return new Map(rows.map(({ partition, sweep }) => [partition, sweep]));
    },
    denied: async (ids) => {
      const { rows } = await sql<{ id: string }>`
        select video_id as id from denied_videos where video_id in (select ${texts(ids)})`.execute(db);
      return new Set(rows.map(({ id }) => id));
    },
    restore: (source, ids) =>
      repeatDeadlocked(db, async (trx) => {
        const { rows } = await sql<{ id: string }>`
          update sync_items set missing = false
          where source = ${source} and missing and video_id in (select ${texts(ids)})
          returning video_id as id`.execute(trx);
        const back = rows.map(({ id }) => id);
        if (back.length > 0) {
          await sql`update videos set withdrawn = false, updated_at = now()
            where video_id in (select ${texts(back)})`.execute(trx);
        }
        return back;
      }),
    commit: (step) => repeatDeadlocked(db, (trx) => commit(trx, step)),
    finish: (source, cursor, options = {}) =>
      repeatDeadlocked(db, (trx) => finishSync(trx, { source, cursor, ...options })),
    lease: async (source, owner, milliseconds) => {
      const { rows } = await sql`
        insert into sync_leases as l (source, owner, expires_at)
        values (${source}, ${owner}, now() + ${milliseconds}::float8 * interval '1 millisecond')
        on conflict (source) do update set owner = excluded.owner, expires_at = excluded.expires_at
          where l.owner = excluded.owner or l.expires_at <= now()
        returning source`.execute(db);
      return rows.length > 0;
    },
    release: async (source, owner) => {
      await sql`delete from sync_leases where source = ${source} and owner = ${owner}`.execute(db);
    },
    deny: async (id, reason) => {
      await repeatDeadlocked(db, (trx) =>
        sql`select deny_video(${storableText(id)}, ${storableText(reason)})`.execute(trx),
      );
    },
    allow: async (id) => {
      const { rows } = await sql`
        delete from denied_videos where video_id = ${storableText(id)} returning video_id`.execute(db);
      return rows.length > 0;
    },
    denials: async () => {
      const { rows } = await sql<Denial>`
        select video_id as id, reason, extract(epoch from denied_at)::float8 * 1000 as "deniedAt"
        from denied_videos order by denied_at desc, video_id`.execute(db);
      return rows;
    },
    failures: async ({ source, stage, dead } = {}) => {
      const { rows } = await sql<SyncFailure>`
        select source, item_id as id, stage, reason, attempts, dead,
          extract(epoch from last_at)::float8 * 1000 as "lastAt"
        from sync_failures
        where source = coalesce(${source ?? null}::text, source) and stage = coalesce(${stage ?? null}::text, stage)
          and dead = coalesce(${dead ?? null}::boolean, dead)
        order by last_at desc, item_id`.execute(db);
      return rows;
    },
    retry: async (ids) => {
      const { rows } = await sql`
        update sync_failures set dead = false, attempts = 0
        where dead ${ids === undefined ? sql`` : sql`and item_id in (select ${texts(ids)})`}
        returning item_id`.execute(db);
      return rows.length;
    },
    status: async () => {
      const { rows } = await sql<SourceStatus>`
        with sources as (
          select source from sync_items union select source from sync_failures union select source from sync_cursors
          union select source from sync_sweeps
        )
        select source,
          (select count(*)::int from sync_items i where i.source = s.source) as items,
          (select count(*)::int from sync_items i where i.source = s.source and missing) as missing,
          (select count(*)::int from sync_failures f where f.source = s.source and not dead) as failing,
          (select count(*)::int from sync_failures f where f.source = s.source and dead) as dead,
          coalesce((select jsonb_object_agg(partition, sweep) from sync_sweeps w where w.source = s.source), '{}')
            as sweeps,
          coalesce((select jsonb_agg(cursor order by mode) from sync_cursors c where c.source = s.source), '[]')
            as cursors
        from sources s order by source`.execute(db);
      return rows;
    },
  };
}

async function commit(
  trx: Connection,
  { source, cursor, seen, failed, recovered }: Parameters<SyncStore["commit"]>[0],
): Promise<void> {
  await sql`
    insert into sync_items as i (source, video_id, seen_sweep)
    select ${source}, v.video_id, ${cursor.sweep} from videos v
    where v.video_id in (select jsonb_array_elements_text(${storableJson(seen)}::text::jsonb))
    order by v.video_id
    on conflict (source, video_id) do update set seen_sweep = excluded.seen_sweep
      where i.seen_sweep < excluded.seen_sweep`.execute(trx);
  if (recovered.length > 0) {
    await sql`delete from sync_failures where source = ${source}
      and item_id in (select jsonb_array_elements_text(${storableJson(recovered)}::text::jsonb))`.execute(
      trx,
    );
  }
  if (failed.length > 0) {
    const failures = [...new Map(failed.map((failure) => [failure.id, failure])).values()];
    await sql`
      insert into sync_failures as f (source, item_id, stage, reason, dead)
      select ${source}, r.id, r.stage, r.reason, ${maxSyncAttempts}::int <= 1
      from jsonb_to_recordset(${storableJson(failures)}::text::jsonb) as r (id text, stage text, reason text)
      on conflict (source, item_id) do update set stage = excluded.stage, reason = excluded.reason,
        attempts = f.attempts + 1, dead = f.attempts + 1 >= ${maxSyncAttempts}, last_at = now()`.execute(trx);
  }
  await sql`
    insert into sync_cursors (source, mode, cursor) values (${source}, ${cursor.mode}, ${storableJson(cursor)}::text::jsonb)
    on conflict (source, mode) do update set cursor = excluded.cursor, updated_at = now()`.execute(trx);
}
