import { Kysely } from "kysely";
import { boundQueries, type QueryBounds } from "./bound-queries.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { type ListenOptions, listenOnServer } from "./listen-on-server.ts";
import { nodeSockets } from "./node-sockets.ts";
import { openPool } from "./postgres-pool.ts";

/** How {@link openServer} connects. */
export interface ServerOptions {
  readonly schema?: string | undefined;
  readonly maxConnections?: number | undefined;
  /** Absent: a query may take as long as it takes. */
  readonly bounds?: QueryBounds | undefined;
}

/** Opens a pool of connections to a server; the first query connects. */
export function openServer(url: string, options: ServerOptions): OpenConnection {
  const { schema, maxConnections = 10, bounds } = options;
  const open = () => openPool(url, { schema, maxConnections, sockets: nodeSockets() });
  const listen = (listener: ListenOptions) => listenOnServer(url, listener);
  if (bounds !== undefined) {
    const db: Connection = new Kysely({ dialect: boundQueries(open, bounds) });
    return { kind: "postgres", db, listen, close: () => db.destroy() };
  }
  const { dialect, end } = open();
  const db: Connection = new Kysely({ dialect });
  // Not through kysely alone: it would leave a client that was never used open.
  const close = async () => {
    await end();
    await db.destroy();
  };
  return { kind: "postgres", db, listen, close };
}
