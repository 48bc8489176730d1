import { Kysely } from "kysely";
import { boundQueries, type QueryBounds } from "./bound-queries.ts";
import type { OpenConnection } from "./connection.ts";
import { type EdgeSockets, edgeSockets } from "./edge-sockets.ts";
import { openPool } from "./postgres-pool.ts";

/** How {@link openEdge} connects. */
export interface EdgeDatabaseOptions {
  /** The platform's: `Deno`. */
  readonly sockets: EdgeSockets;
  /** Authorities, as PEM, that may sign the server's certificate beside those that the platform knows. */
  readonly caCerts?: readonly string[] | undefined;
  /** Of this process. */
  readonly maxConnections: number;
  readonly bounds: QueryBounds;
}

/**
 * Opens a pool of connections to a server over sockets that are handed in. From `sslmode=require` on it is encrypted, and
 * the certificate and its name are checked, as `verify-full` does. Nothing is heard on a channel.
 *
 * @param url `postgres://…`; a transaction pooler is fine.
 * @param options Sockets and bounds.
 * @returns The connection; the first query connects.
 * @throws FutagoError `database_unreachable` when it is no such URL.
 */
export function openEdge(url: string, options: EdgeDatabaseOptions): OpenConnection {
  const { sockets, caCerts, maxConnections, bounds } = options;
  const encrypted = isEncrypted(url);
  const open = () =>
    openPool(url, { maxConnections, sockets: edgeSockets(sockets, { encrypted, caCerts }), ssl: false });
  const db: OpenConnection["db"] = new Kysely({ dialect: boundQueries(open, bounds) });
  return {
    kind: "postgres",
    db,
    listen: async () => ({ close: async () => {} }),
    close: () => db.destroy(),
  };
}

function isEncrypted(url: string): boolean {
  const { searchParams } = URL.canParse(url) ? new URL(url) : { searchParams: new URLSearchParams() };
  const mode = searchParams.get("sslmode") ?? searchParams.get("ssl") ?? "disable";
  return !["disable", "allow", "prefer", "false"].includes(mode);
}
