import { sql } from "kysely";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import type { VectorStore } from "../../embeddings/mod.ts";
import type { VersionStore } from "../../registry/mod.ts";
import { createCatalogueStore } from "./catalogue-store.ts";
import type { Connection } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { type OpenConnection, openEmbedded, openServer } from "./open-connection.ts";
import { storableText } from "./storable-json.ts";
import { createVectorStore } from "./vector-store.ts";
import { createVersionStore } from "./version-store.ts";

/** Where the database is: a server, a directory of the embedded one, or memory for as long as the process lives. */
export type DatabaseLocation =
  | { readonly url: string }
  | { readonly directory: string }
  | { readonly memory: true };

/** Options of {@link openDatabase}. */
export interface DatabaseOptions {
  /** Connections to a server. @default 10 */
  readonly maxConnections?: number;
  /** The schema that holds the tables. Needs a session of its own: no transaction pooler. @default "public" */
  readonly schema?: string;
  /** Whether to bring the schema up to date on opening. @default true */
  readonly migrate?: boolean;
  /** Partitions of at least so many vectors get an HNSW index. @default 10,000; 200,000 embedded, where building is slow */
  readonly indexFromRows?: number;
}

/** An open database and the stores over it. */
export interface Database {
  readonly kind: "postgres" | "pglite";
  readonly catalogue: CatalogueStore;
  readonly versions: VersionStore;
  readonly vectors: VectorStore;
  /** For queries that are no store's business: tests, reports. */
  readonly connection: Connection;
  /** Applies what is missing; names of what was applied. */
  migrate(): Promise<readonly string[]>;
  /** Answers when the database does; FutagoError `database_unreachable` otherwise. */
  ping(): Promise<void>;
  /** Removes a person and everything that is known of them; true where there was one. */
  erasePerson(personId: string): Promise<boolean>;
  /** Ends the connections, and gives the directory free. */
  close(): Promise<void>;
}

/**
 * Opens a database: Postgres 15 or newer with pgvector by `url`, or the embedded PGlite, which keeps to one process.
 *
 * @param location Where it is.
 * @param options How to open it.
 * @returns The database, migrated unless told otherwise.
 * @throws FutagoError `database_unreachable`, or `database_busy` when another process has the directory open.
 *
 * @example
 * ```ts
 * import { openDatabase } from "futago/postgres";
 * const database = await openDatabase({ memory: true });
 * await database.catalogue.counts(); // {"items": 0, "people": 0, "events": 0}
 * await database.close();
 * ```
 */
export async function openDatabase(
  location: DatabaseLocation,
  options: DatabaseOptions = {},
): Promise<Database> {
  return assembleDatabase(
    "url" in location ? await openServer(location.url, options) : await openEmbedded(location),
    options,
  );
}

/**
 * The stores over an open connection; tests share one embedded database this way, each in its own schema.
 *
 * @param opened A connection and how it is closed, which happens at once where this fails.
 * @param options As for {@link openDatabase}.
 * @returns The database.
 */
export async function assembleDatabase(opened: OpenConnection, options: DatabaseOptions): Promise<Database> {
  const { db } = opened;
  try {
    const { schema } = options;
    if (schema !== undefined) {
      await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
      if (opened.kind === "pglite") await sql`set search_path to ${sql.id(schema)}, public`.execute(db);
    }
    await sql`select 1`.execute(db);
    if (options.migrate ?? true) await migrate(db);
  } catch (error) {
    await opened.close();
    throw error;
  }
  const indexFromRows = options.indexFromRows ?? (opened.kind === "pglite" ? 200_000 : 10_000);
  return {
    kind: opened.kind,
    catalogue: createCatalogueStore(db),
    versions: createVersionStore(db),
    vectors: createVectorStore(db, { indexFromRows }),
    connection: db,
    migrate: () => migrate(db),
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    erasePerson: async (personId) => {
      const { rows } = await sql<{ erased: boolean }>`
        select erase_person(${storableText(personId)}) as erased`.execute(db);
      return rows[0]?.erased === true;
    },
    close: opened.close,
  };
}
