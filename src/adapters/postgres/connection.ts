import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** A pool or a transaction: where a query may be sent. */
export type Connection = Kysely<Tables>;

/** An open connection. */
export interface OpenConnection {
  readonly kind: "postgres" | "pglite";
  readonly db: Connection;
  close(): Promise<void>;
}
