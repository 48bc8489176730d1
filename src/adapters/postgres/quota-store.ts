import { sql } from "kysely";
import type { DmmQuotaState, DmmQuotaStore } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { storableJson } from "./storable-json.ts";

/**
 * What is remembered of a source's key, in a row of `sync_quotas`: one budget for every process that asks with it.
 *
 * @param db A migrated database.
 * @param source Whose key; not the key.
 * @returns The store.
 */
export function createQuotaStore(db: Connection, source: string): DmmQuotaStore {
  return Object.freeze({
    update: (change) =>
      db.transaction().execute(async (trx) => {
        // The row is there before it is locked, so that the first two to ask meet in it.
        await sql`insert into sync_quotas (source) values (${source}) on conflict (source) do nothing`.execute(
          trx,
        );
        const { rows } = await sql<{ state: DmmQuotaState | null }>`
          select state from sync_quotas where source = ${source} for update`.execute(trx);
        const state = change(rows[0]?.state ?? undefined);
        await sql`update sync_quotas set state = ${storableJson(state)}::text::jsonb
          where source = ${source}`.execute(trx);
      }),
  } satisfies DmmQuotaStore);
}
