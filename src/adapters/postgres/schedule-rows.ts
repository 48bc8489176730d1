import { type RawBuilder, sql } from "kysely";
import type { JobQueue, JobSchedule } from "../../jobs/mod.ts";
import type { Connection } from "./connection.ts";
import { moment } from "./sql-time.ts";
import { storableJson } from "./storable-json.ts";

/**
 * The rows of `job_schedules`.
 *
 * @param db A migrated database.
 * @param now The moment a statement is sent at.
 * @returns What a queue knows of schedules.
 */
export function createScheduleRows(
  db: Connection,
  now: () => RawBuilder<unknown>,
): Pick<JobQueue, "schedules" | "putSchedule" | "removeSchedule" | "fire"> {
  return {
    schedules: async () => {
      const { rows } = await sql<JobSchedule>`
        select name, kind, payload, cron, time_zone as "timeZone", enabled,
          ${moment("last_tick")} as "lastTick", ${moment("since")} as since
        from job_schedules order by name collate "C"`.execute(db);
      return rows;
    },
    putSchedule: async ({ name, kind, payload, cron, timeZone, enabled }) => {
      await sql`
        insert into job_schedules (name, kind, payload, cron, time_zone, enabled, since)
        values (${name}, ${kind}, ${storableJson(payload)}::text::jsonb, ${cron}, ${timeZone}, ${enabled}, ${now()})
        on conflict (name) do update set kind = excluded.kind, payload = excluded.payload, cron = excluded.cron,
          time_zone = excluded.time_zone, enabled = excluded.enabled, since = excluded.since`.execute(db);
    },
    removeSchedule: async (name) => {
      const { rows } = await sql`delete from job_schedules where name = ${name} returning name`.execute(db);
      return rows.length > 0;
    },
    fire: async (name, tick) => {
      // Of two who ask at once the second waits for the row, and finds the tick taken.
      const { rows } = await sql`
        with ticked as (
          update job_schedules set last_tick = to_timestamp(${tick}::double precision / 1000)
          where name = ${name} and enabled
            and (last_tick is null or last_tick < to_timestamp(${tick}::double precision / 1000))
          returning name, kind, payload
        ), added as (
          insert into jobs (kind, payload, unique_key, visible_at, created_at)
          select kind, payload, 'schedule ' || name, ${now()}, ${now()} from ticked
          on conflict (kind, unique_key) where state in ('waiting', 'running') do nothing
        )
        select name from ticked`.execute(db);
      return rows.length > 0;
    },
  };
}
