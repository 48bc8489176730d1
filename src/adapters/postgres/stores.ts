import { sql } from "kysely";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import type { VectorStore } from "../../embeddings/mod.ts";
import type { VersionStore } from "../../registry/mod.ts";
import { createCatalogueStore } from "./catalogue-store.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { storableText } from "./storable-json.ts";
import { createVectorStore } from "./vector-store.ts";
import { createVersionStore } from "./version-store.ts";

/** The stores over an open connection: everything of a database but its migrations, which lie in files. */
export interface DatabaseStores {
  readonly kind: "postgres" | "pglite";
  readonly catalogue: CatalogueStore;
  readonly versions: VersionStore;
  readonly vectors: VectorStore;
  /** For queries that are no store's business: tests, reports. */
  readonly connection: Connection;
  /** Answers when the database does; FutagoError `database_unreachable` otherwise. */
  ping(): Promise<void>;
  /** Removes a person and everything that is known of them; true where there was one. */
  erasePerson(personId: string): Promise<boolean>;
  /** Ends the connections, and gives the directory free. */
  close(): Promise<void>;
}

/**
 * The stores over an open connection.
 *
 * @param opened A connection and how it is closed.
 * @param options `indexFromRows` as for `openDatabase`.
 * @returns The stores; nothing was asked of the database yet.
 */
export function createStores(
  opened: OpenConnection,
  options: { readonly indexFromRows?: number },
): DatabaseStores {
  const { kind, db, close } = opened;
  const indexFromRows = options.indexFromRows ?? (kind === "pglite" ? 200_000 : 10_000);
  return {
    kind,
    catalogue: createCatalogueStore(db),
    versions: createVersionStore(db),
    vectors: createVectorStore(db, { indexFromRows }),
    connection: db,
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    erasePerson: async (personId) => {
      const { rows } = await sql<{ erased: boolean }>`
        select erase_person(${storableText(personId)}) as erased`.execute(db);
      return rows[0]?.erased === true;
    },
    close,
  };
}
