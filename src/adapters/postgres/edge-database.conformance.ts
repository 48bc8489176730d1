import { assembleDatabase, type Database } from "./database.ts";
import { openWire } from "./open-wire.ts";
import { nodeSockets } from "./wire/node-sockets.conformance.ts";

/** A migrated database by the client of the edge functions, over Node's sockets. */
export function openEdgeDatabase(url: string): Promise<Database> {
  const opened = openWire(url, { sockets: nodeSockets, maxConnections: 2, bounds: { timeoutMs: 10_000 } });
  return assembleDatabase(opened, { migrate: false, indexFromRows: 1 });
}
