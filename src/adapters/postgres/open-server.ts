import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import { FutagoError } from "../../base/mod.ts";
import { boundQueries, type ConnectionPool, type QueryBounds } from "./bound-queries.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { type ListenOptions, listenOnServer } from "./listen-on-server.ts";
import { ownSockets, withSafeCancel } from "./postgres-pool.ts";
import { translateError, translateErrors } from "./translate-errors.ts";

/** How {@link openServer} connects. */
export interface ServerOptions {
  readonly schema?: string | undefined;
  readonly maxConnections?: number | undefined;
  /** Absent: a query may take as long as it takes. */
  readonly bounds?: QueryBounds | undefined;
}

/** Opens a pool of connections to a server; the first query connects. */
export function openServer(url: string, options: ServerOptions): OpenConnection {
  const { bounds } = options;
  const listen = (listener: ListenOptions) => listenOnServer(url, listener);
  if (bounds !== undefined) {
    const db: Connection = new Kysely({ dialect: boundQueries(() => openPool(url, options), bounds) });
    return { kind: "postgres", db, listen, close: () => db.destroy() };
  }
  const { dialect, end } = openPool(url, options);
  const db: Connection = new Kysely({ dialect });
  // Not through kysely alone: it would leave a client that was never used open.
  const close = async () => {
    await end();
    await db.destroy();
  };
  return { kind: "postgres", db, listen, close };
}

function openPool(url: string, { schema, maxConnections = 10 }: ServerOptions): ConnectionPool {
  const sockets = ownSockets();
  let client: ReturnType<typeof postgres>;
  try {
    const settings = {
      socket: sockets.open,
      max: maxConnections,
      // A transaction pooler keeps no prepared statements between transactions.
      prepare: false,
      connect_timeout: 10,
      idle_timeout: 60,
      // Seconds to the next attempt; left alone it grows to twenty, and so long after its return a server is not seen.
      backoff: () => 0.2,
      onnotice: () => {},
      connection: {
        application_name: "futago",
        ...(schema === undefined ? {} : { search_path: `"${schema.replaceAll('"', '""')}", public` }),
      },
    };
    client = postgres(url, settings);
  } catch (error) {
    throw new FutagoError(
      "database_unreachable",
      "Cannot open the database as its address must be a URL such as postgres://user:password@host:5432/name: " +
        "check DATABASE_URL or --db-url",
      { cause: error },
    );
  }
  const dialect = translateErrors(new PostgresJSDialect({ postgres: withSafeCancel(client) }));
  const connect = async (): Promise<void> => {
    try {
      await client`select 1`;
    } catch (error) {
      throw translateError(error);
    }
  };
  const end = async (): Promise<void> => {
    sockets.refuse();
    await client.end({ timeout: 5 });
    sockets.destroy();
  };
  return { dialect, maxConnections, connect, end };
}
