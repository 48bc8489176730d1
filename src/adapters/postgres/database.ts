import { sql } from "kysely";
import type { QueryBounds } from "./bound-queries.ts";
import type { OpenConnection } from "./connection.ts";
import { type MigrateOptions, migrate } from "./migrate.ts";
import { createStores, type DatabaseStores } from "./stores.ts";

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
  /** How long a query to a server may take, for those who answer others; absent: as long as it takes. */
  readonly bounds?: QueryBounds;
}

/** An open database and the stores over it. */
export interface Database extends DatabaseStores {
  /** Applies what is missing, or everything again; names of what was applied. */
  migrate(options?: MigrateOptions): Promise<readonly string[]>;
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
  const { bounds, ...unbound } = options;
  if (bounds === undefined || options.migrate === false) {
    return assembleDatabase(await connect(location, options), options);
  }
  // Migrating takes the time it takes.
  await (await assembleDatabase(await connect(location, unbound), unbound)).close();
  return assembleDatabase(await connect(location, options), { ...options, migrate: false });
}

// Each driver is loaded by who uses it.
async function connect(location: DatabaseLocation, options: DatabaseOptions): Promise<OpenConnection> {
  if ("url" in location) {
    const { openServer } = await import("./open-server.ts");
    return openServer(location.url, options);
  }
  const { openEmbedded } = await import("./open-embedded.ts");
  return openEmbedded(location);
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
  return { ...createStores(opened, options), migrate: (which) => migrate(db, which) };
}
