import { type Selectable, sql } from "kysely";
import type { ReadStoredViewer } from "../../recommend/mod.ts";
import type { Connection } from "./connection.ts";
import { type EventRow, type PersonRow, rowToEvent, rowToPerson } from "./row-types.ts";
import { storableText } from "./storable-json.ts";
import type { Tables } from "./tables.ts";
import { vectorOfText } from "./vector-store.ts";
import { rowToVersion } from "./version-store.ts";

type Row = Selectable<Tables["embedding_model_versions"]> &
  ((PersonRow & { readonly events: readonly EventRow[] }) | { readonly user_id: null }) & {
    readonly embedding: string | null;
    readonly content_hash: string | null;
  };

/**
 * Reads what is stored of a viewer in one round trip where three stores would take one each: a function that starts cold waits for
 * every one of them. The items of the events are left out.
 *
 * @param db A migrated database.
 * @returns The reader.
 */
export function createStoredViewerReader(db: Connection): ReadStoredViewer {
  return async (personId, { limit }) => {
    const id = storableText(personId);
    const { rows } = await sql<Row>`
      select a.*, h.user_id, h.attributes, h.age, h.events, p.taste, u.embedding::text as embedding, u.content_hash
      from embedding_model_versions a
      left join (person_history(${id}, ${limit}) h join profiles p using (user_id)) on true
      left join user_embeddings u on u.model_version = a.version and u.user_id = ${id}
      where a.status = 'active'`.execute(db);
    const row = rows[0];
    if (row === undefined) return undefined;
    const active = rowToVersion(row);
    if (row.user_id === null) return { active, history: undefined, stored: undefined };
    const { embedding, content_hash: contentHash } = row;
    return {
      active,
      history: { person: rowToPerson(row), events: row.events.map(rowToEvent), items: new Map() },
      stored:
        embedding === null || contentHash === null
          ? undefined
          : { vector: vectorOfText(embedding), contentHash },
    };
  };
}
