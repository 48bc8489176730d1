import { sql } from "kysely";
import {
  type FinishedSync,
  type FinishOptions,
  fewGone,
  maxGoneShareDefault,
  type SyncCursor,
} from "../../sync/mod.ts";
import type { Connection } from "./connection.ts";
import { storableJson } from "./storable-json.ts";

/**
 * Ends a sync, as `SyncStore.finish` says.
 *
 * @param trx A transaction.
 * @param sync Which, and how many gone items are believed.
 * @returns What became of them.
 */
export async function finishSync(
  trx: Connection,
  {
    source,
    cursor,
    maxGoneShare = maxGoneShareDefault,
  }: FinishOptions & { readonly source: string; readonly cursor: SyncCursor },
): Promise<FinishedSync> {
  await sql`delete from sync_cursors where source = ${source} and mode = ${cursor.mode}`.execute(trx);
  const whole = cursor.partitions.filter((partition) => partition.whole);
  if (whole.length === 0) return { withdrawn: 0, heldBack: 0 };
  // Shown ones only: what a person took down is not put back when it returns.
  const shown = sql`
    select i.video_id, i.seen_sweep < w.sweep as gone
    from jsonb_to_recordset(${storableJson(whole)}::text::jsonb) as p (id text, "idPrefix" text)
    left join sync_sweeps w on w.source = ${source} and w.partition = p.id and w.sweep < ${cursor.sweep}
    join sync_items i on i.source = ${source} and starts_with(i.video_id, p."idPrefix")
    join videos v on v.video_id = i.video_id and not v.hidden`;
  const { rows } = await sql<{ gone: number; shown: number }>`
    select count(*) filter (where gone)::int as gone, count(*)::int as shown from (${shown}) s`.execute(trx);
  const counted = rows[0]!;
  const held = counted.gone > fewGone && counted.gone > maxGoneShare * counted.shown;
  let withdrawn = 0;
  if (counted.gone > 0 && !held) {
    const { rows: taken } = await sql`
      with gone as (
        update videos v set withdrawn = true, updated_at = now()
        from (${shown}) s where s.gone and v.video_id = s.video_id
        returning v.video_id
      )
      update sync_items i set missing = true from gone
      where i.source = ${source} and i.video_id = gone.video_id returning i.video_id`.execute(trx);
    withdrawn = taken.length;
  }
  await sql`
    insert into sync_sweeps as s (source, partition, sweep)
    select ${source}, p.id, ${cursor.sweep}
    from jsonb_to_recordset(${storableJson(whole)}::text::jsonb) as p (id text)
    on conflict (source, partition) do update
      set sweep = greatest(s.sweep, excluded.sweep), finished_at = now()`.execute(trx);
  return { withdrawn, heldBack: held ? counted.gone : 0 };
}
