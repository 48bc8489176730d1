import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import { FutagoError } from "../../base/mod.ts";
import type { ConnectionPool } from "./bound-queries.ts";
import { translateError, translateErrors } from "./translate-errors.ts";

/** As much of postgres.js's settings as says where to. */
export interface PoolTarget {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
}

/**
 * The sockets of a pool. Left to itself, postgres.js connects again for those whom it refused before, even after the pool
 * was ended, and leaves a connection open whose other end has fallen silent: either keeps a process from ending.
 */
export interface PoolSockets {
  /** postgres.js's setting `socket`. */
  open(target: PoolTarget): unknown;
  /** Before the pool ends: nothing is opened any more. */
  refuse(): void;
  /** After it: what is still open is closed. */
  destroy(): void;
}

/**
 * What a connection is refused with once its pool has ended. Whoever still waits for one is told this, and has to be told it as
 * a database that cannot be reached: as an error of nobody's, it would be answered with 500 where another link of the chain can answer.
 */
export function poolEnded(): Error {
  const error = new Error("Cannot connect as the pool must not have been ended: it was");
  return Object.assign(error, { code: "CONNECTION_ENDED" });
}

/** How {@link openPool} connects. */
export interface PoolOptions {
  readonly sockets: PoolSockets;
  readonly maxConnections: number;
  /** Searched before `public`. */
  readonly schema?: string | undefined;
  /** Whether postgres.js encrypts; absent: as the URL says. */
  readonly ssl?: false;
}

/**
 * Opens a pool of postgres.js's connections, whose errors are translated.
 *
 * @param url `postgres://…`.
 * @param options Sockets and how many.
 * @returns The pool; the first query connects.
 * @throws FutagoError `database_unreachable` when it is no such URL.
 */
export function openPool(url: string, options: PoolOptions): ConnectionPool {
  const { sockets, maxConnections, schema, ssl } = options;
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
      ...(ssl === undefined ? {} : { ssl }),
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

/** What postgres.js keeps of a query to cancel it by; no part of its types. */
interface Cancellable {
  canceller: ((query: unknown) => Promise<unknown>) | null;
}

/**
 * A client whose queries may be cancelled while the server is away. postgres.js sends the request over a connection of
 * its own and hands out no promise of it, so that its failure would be one that nobody can catch, which ends a process.
 *
 * @param client Of postgres.js.
 * @returns The same for kysely, which reserves connections.
 */
function withSafeCancel(client: postgres.Sql): postgres.Sql {
  const tame = (reserved: postgres.ReservedSql): postgres.ReservedSql =>
    new Proxy(reserved, {
      get: (sql, name) => {
        if (name !== "unsafe") return Reflect.get(sql, name) as unknown;
        return (...query: Parameters<typeof sql.unsafe>) => {
          const pending = sql.unsafe(...query);
          const internal = pending as unknown as Cancellable;
          const { canceller } = internal;
          internal.canceller = async (asked) => canceller?.(asked).catch(() => {});
          return pending;
        };
      },
    });
  return new Proxy(client, {
    get: (sql, name) =>
      name === "reserve" ? async () => tame(await sql.reserve()) : (Reflect.get(sql, name) as unknown),
  });
}
