import { Kysely } from "kysely";
import { FutagoError } from "../../base/mod.ts";
import { boundQueries, type QueryBounds } from "./bound-queries.ts";
import type { OpenConnection } from "./connection.ts";
import { createWirePool, readAddress, type WireAddress, type WireSockets } from "./wire/mod.ts";

/** How {@link openWire} connects. */
export interface WireServerOptions {
  readonly sockets: WireSockets;
  /** Authorities, as PEM, that may sign the server's certificate beside those that the platform knows. */
  readonly caCerts?: readonly string[] | undefined;
  /** Of this process. */
  readonly maxConnections: number;
  readonly bounds: QueryBounds;
}

/**
 * Opens a pool of connections to a server over sockets that are handed in: for edge functions, as postgres.js has to load
 * a good part of Node before it can connect. Nothing is heard on a channel.
 *
 * @param url `postgres://…`; a transaction pooler is fine.
 * @param options Sockets and bounds.
 * @returns The connection; the first query connects.
 * @throws FutagoError `database_unreachable` when it is no such URL.
 */
export function openWire(url: string, options: WireServerOptions): OpenConnection {
  const { sockets, caCerts, maxConnections, bounds } = options;
  const address = addressOf(url);
  const open = () => createWirePool({ address, sockets, caCerts, maxConnections });
  const db: OpenConnection["db"] = new Kysely({ dialect: boundQueries(open, bounds) });
  return {
    kind: "postgres",
    db,
    listen: async () => ({ close: async () => {} }),
    close: () => db.destroy(),
  };
}

function addressOf(url: string): WireAddress {
  try {
    return readAddress(url);
  } catch (error) {
    throw new FutagoError(
      "database_unreachable",
      "Cannot open the database as its address must be a URL such as postgres://user:password@host:5432/name: it is not",
      { cause: error },
    );
  }
}
