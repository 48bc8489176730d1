import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import { FutagoError } from "../../base/mod.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { translateErrors } from "./translate-errors.ts";

/** Opens a pool of connections to a server; the first query connects. */
export function openServer(
  url: string,
  options: { readonly schema?: string | undefined; readonly maxConnections?: number | undefined },
): OpenConnection {
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
