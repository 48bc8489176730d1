import { Kysely, PGliteDialect, sql } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { FutagoError } from "../../base/mod.ts";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import type { VectorStore } from "../../embeddings/mod.ts";
import type { VersionStore } from "../../registry/mod.ts";
import { createCatalogueStore } from "./catalogue-store.ts";
import type { Connection } from "./connection.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { migrate } from "./migrate.ts";
import { storableText } from "./storable-json.ts";
import { translateError, translateErrors } from "./translate-errors.ts";
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

/** An open connection. */
export interface OpenConnection {
  readonly kind: Database["kind"];
  readonly db: Connection;
  close(): Promise<void>;
}

async function openServer(url: string, options: DatabaseOptions): Promise<OpenConnection> {
  // Loaded here: who uses the one driver need not load the other.
  const { default: postgres } = await import("postgres");
  const { schema, maxConnections = 10 } = options;
  let client: ReturnType<typeof postgres>;
  try {
    client = postgres(url, {
      max: maxConnections,
      // A transaction pooler keeps no prepared statements between transactions.
      prepare: false,
      connect_timeout: 10,
      idle_timeout: 60,
      onnotice: () => {},
      connection: {
        application_name: "futago",
        ...(schema === undefined ? {} : { search_path: `"${schema.replaceAll('"', '""')}", public` }),
      },
    });
  } catch (error) {
    throw new FutagoError(
      "database_unreachable",
      "Cannot open the database as its address must be a URL such as postgres://user:password@host:5432/name: " +
        "check DATABASE_URL or --db-url",
      { cause: error },
    );
  }
  const db: Connection = new Kysely({
    dialect: translateErrors(new PostgresJSDialect({ postgres: client })),
  });
  // Not through kysely alone: it would leave a client that was never used open.
  const close = async () => {
    await client.end({ timeout: 5 });
    await db.destroy();
  };
  return { kind: "postgres", db, close };
}

/** Opens PGlite, alone in its directory. */
export async function openEmbedded(
  location: { directory: string } | { memory: true },
): Promise<OpenConnection> {
  const { PGlite } = await import("@electric-sql/pglite");
  const { vector } = await import("@electric-sql/pglite-pgvector");
  let lock: DirectoryLock | undefined;
  if ("directory" in location) lock = await lockDirectory(location.directory);
  try {
    const client = await PGlite.create({
      ...("directory" in location ? { dataDir: location.directory } : {}),
      extensions: { vector },
      // Every commit reaches the files before it is answered, so that a killed process loses nothing.
      relaxedDurability: false,
    });
    const db: Connection = new Kysely({ dialect: translateErrors(new PGliteDialect({ pglite: client })) });
    const close = async () => {
      await db.destroy();
      if (!client.closed) await client.close();
      await lock?.release();
    };
    return { kind: "pglite", db, close };
  } catch (error) {
    await lock?.release();
    throw translateError(error);
  }
}
