import { sql } from "kysely";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { readHistory } from "./read-history.ts";
import { readEvents, readItems, readPeople } from "./read-pages.ts";
import { repeatDeadlocked } from "./repeat-deadlocked.ts";
import { storableJson, storableText } from "./storable-json.ts";
import { checkBatch, writeBatch } from "./write-batch.ts";

/**
 * The catalogue over Postgres or PGlite.
 *
 * @param db A migrated database.
 * @returns The store.
 */
export function createCatalogueStore(db: Connection): CatalogueStore {
  const putBatch: CatalogueStore["putBatch"] = async (batch, cursor) => {
    checkBatch(batch);
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
