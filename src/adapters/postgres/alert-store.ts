import { sql } from "kysely";
import type { Clock } from "../../base/mod.ts";
import type { AlertMessage, AlertStore } from "../../jobs/mod.ts";
import type { Connection } from "./connection.ts";
import { milliseconds, timeOf } from "./sql-time.ts";
import { storableJson } from "./storable-json.ts";

/**
 * The rows of `job_alerts`.
 *
 * @param db A migrated database.
 * @param options Whose time counts; the database's by default.
 * @returns The store.
 */
export function createAlertStore(db: Connection, options: { readonly clock?: Clock } = {}): AlertStore {
  const now = () => timeOf(options.clock);
  return Object.freeze({
    reconcile: async (destination, { broken, unknown }) => {
      await sql`
        insert into job_alerts (destination, name, text, broken, changed_at)
        select ${destination}, name, text, true, ${now()}
        from jsonb_to_recordset(${storableJson(broken)}::text::jsonb) as b(name text, text text)
        on conflict (destination, name) do update
          set broken = true, text = excluded.text, changed_at = excluded.changed_at
        where not job_alerts.broken`.execute(db);
      const kept = [...broken.map(({ name }) => name), ...unknown];
      await sql`
        update job_alerts set broken = false, changed_at = ${now()}
        where destination = ${destination} and broken and name <> all (
          array(select jsonb_array_elements_text(${storableJson(kept)}::text::jsonb)))`.execute(db);
    },
    claim: async (destination, leaseMs) => {
      const { rows } = await sql<AlertMessage>`
        update job_alerts set send_at = ${now()} + ${milliseconds(leaseMs)}
        where destination = ${destination} and broken <> told_broken and send_at <= ${now()}
        returning name, text, broken, round(extract(epoch from changed_at) * 1000)::float8 as at`.execute(db);
      return rows;
    },
    told: async (destination, { name, broken }) => {
      await sql`update job_alerts set told_broken = ${broken}, send_at = '-infinity'
        where destination = ${destination} and name = ${name}`.execute(db);
    },
  } satisfies AlertStore);
}
