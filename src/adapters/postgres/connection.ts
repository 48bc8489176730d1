import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** A pool or a transaction: where a query may be sent. */
export type Connection = Kysely<Tables>;
