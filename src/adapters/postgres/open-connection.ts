import { Kysely, PGliteDialect } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { FutagoError } from "../../base/mod.ts";
import type { Connection } from "./connection.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { translateErrors } from "./translate-errors.ts";

/** An open connection. */
export interface OpenConnection {
  readonly kind: "postgres" | "pglite";
  readonly db: Connection;
  close(): Promise<void>;
}

/** Opens a pool of connections to a server; the first query connects. */
export async function openServer(
  url: string,
  options: { readonly schema?: string | undefined; readonly maxConnections?: number | undefined },
): Promise<OpenConnection> {
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
    throw new FutagoError(
      "database_unreachable",
      `Cannot open the embedded database as its directory must hold one that PGlite can read: current directory is ` +
        `"${"directory" in location ? location.directory : "memory"}". Choose another, or move this one away to start anew`,
      { cause: error },
    );
  }
}
