import type { QueryBounds } from "./bound-queries.ts";
import { openServer } from "./open-server.ts";
import { createStores, type DatabaseStores } from "./stores.ts";

/**
 * Opens a server's database for those who only read and write rows, such as edge functions: without files, hence
 * without the embedded database and without migrations, which somebody else has applied.
 *
 * @param url `postgres://…`; a transaction pooler is fine.
 * @param options `maxConnections` of this process, 10 by default; `bounds` of each query, none by default.
 * @returns The stores; the first query connects.
 * @throws FutagoError `database_unreachable` when it is no such URL.
 */
export function openServerStores(
  url: string,
  options: { readonly maxConnections?: number; readonly bounds?: QueryBounds } = {},
): DatabaseStores {
  return createStores(openServer(url, options), {});
}
