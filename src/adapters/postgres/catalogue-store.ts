import { sql } from "kysely";
import { type Blocks, type CatalogueStore, checkedBlocks, checkedTaste } from "../../catalogue/mod.ts";
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
      // Whoever says so outright has the last word: no sync puts back what it found missing before.
      const { rows } = await sql`
        with said as (
          update sync_items set missing = false where video_id = ${storableText(itemId)} and missing
        )
        update videos set withdrawn = ${withdrawn},
          updated_at = case when withdrawn = ${withdrawn} then updated_at else now() end
        where video_id = ${storableText(itemId)} returning video_id`.execute(db);
      return rows.length > 0;
    },
    setPerformerWithdrawn: async (name, withdrawn) => {
      // A trigger hides the items.
      const { rows } = await sql`update performers set withdrawn = ${withdrawn}
        where name = ${storableText(name)} returning performer_id`.execute(db);
      return rows.length > 0;
    },
    setBlocks: async (personId, blocks) => {
      const { makers, performers } = checkedBlocks(blocks);
      const names = storableJson({ makers, performers });
      const { rows } = await sql<{ known: boolean }>`
        with person as materialized (
          select user_id from profiles where user_id = ${storableText(personId)} for key share
        ),
        names as (
          select user_id, array(select jsonb_array_elements_text(j->'makers')) as makers,
            array(select jsonb_array_elements_text(j->'performers')) as performers
          from person, (select ${names}::text::jsonb as j) given
        ),
        written as (
          insert into user_blocks (user_id, makers, performers) select user_id, makers, performers from names
          on conflict (user_id) do update set makers = excluded.makers, performers = excluded.performers
        )
        select exists (select from person) as known`.execute(db);
      return rows[0]!.known;
    },
    declare: async (personId, { taste, fields = {} }) => {
      const named = taste !== undefined && Object.keys(taste).length > 0;
      const said = named ? storableJson(checkedTaste(taste)) : null;
      // One statement, so that an age that is taken back at this moment stays so.
      await sql`
        insert into profiles as p (user_id, attributes, taste)
        values (${storableText(personId)}, ${storableJson(fields)}::text::jsonb, ${said}::text::jsonb)
        on conflict (user_id) do update set attributes = p.attributes || excluded.attributes,
          taste = case when excluded.taste is null then p.taste else coalesce(p.taste, '{}') || excluded.taste end,
          updated_at = now()`.execute(db);
    },
    blocks: async (personId) => {
      const { rows } = await sql<Blocks>`
        select coalesce(b.makers, '{}') as makers, coalesce(b.performers, '{}') as performers
        from profiles p left join user_blocks b using (user_id)
        where p.user_id = ${storableText(personId)}`.execute(db);
      return rows[0];
    },
  };
}
