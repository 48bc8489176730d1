import type { Kysely } from "kysely";
import type { Listening, ListenOptions } from "./listen-on-server.ts";
import type { Tables } from "./tables.ts";

/** A pool or a transaction: where a query may be sent. */
export type Connection = Kysely<Tables>;

/** An open connection. */
export interface OpenConnection {
  readonly kind: "postgres" | "pglite";
  readonly db: Connection;
  /** Hears a channel until it is closed; `heard` is also called when notices may have been missed. */
  listen(options: ListenOptions): Promise<Listening>;
  close(): Promise<void>;
}
