import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from "kysely";
import { FutagoError, isFutagoError } from "../../base/mod.ts";

// What postgres.js and Postgres say when there is nobody to talk to, or nobody who will talk to us.
const unreachable: ReadonlySet<string> = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "28000",
  "28P01",
  "3D000",
  "57P01",
  "57P02",
  "57P03",
]);

/**
 * A database failure in our own terms: a lost or refused connection is `database_unreachable`, too many of them
 * or a cancelled query `database_busy`, a refused change `database_read_only`; everything else passes as it is.
 *
 * @param error What a driver threw.
 * @returns What to throw.
 */
export function translateError(error: unknown): unknown {
  if (isFutagoError(error) || typeof error !== "object" || error === null || !("code" in error)) return error;
  const code = String(error.code);
  if (unreachable.has(code)) {
    return new FutagoError(
      "database_unreachable",
      `Cannot reach the database as it must accept connections: current answer is "${code}". ` +
        "Check DATABASE_URL or --db-url and that the server runs, or leave both out to use the embedded database",
      { cause: error, details: { code } },
    );
  }
  if (code === "25006") {
    return new FutagoError(
      "database_read_only",
      "Cannot change the database as it must take changes: it is read-only now, a standby or out of space; " +
        "see the provider's console, then ask again",
      { cause: error, details: { code } },
    );
  }
  if (code === "57014") {
    return new FutagoError(
      "database_busy",
      "Cannot wait for the database as it must answer in time: the query was cancelled; ask again",
      { cause: error, details: { code } },
    );
  }
  if (code === "53300") {
    return new FutagoError(
      "database_busy",
      "Cannot connect to the database as it must have a free connection: current answer is too many connections. " +
        "Lower the number of workers, or connect through a pooler",
      { cause: error, details: { code } },
    );
  }
  return error;
}

/**
 * A dialect whose every failure went through {@link translateError}.
 *
 * @param dialect Where queries go.
 * @returns The same, with our errors.
 */
export function translateErrors(dialect: Dialect): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => translatingDriver(dialect.createDriver()),
  };
}

function translatingDriver(driver: Driver): Driver {
  const connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const inner = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const wrap = (connection: DatabaseConnection): DatabaseConnection => {
    const known = connections.get(connection);
    if (known !== undefined) return known;
    const outer: DatabaseConnection = {
      executeQuery: <Row>(query: CompiledQuery): Promise<QueryResult<Row>> =>
        translated(() => connection.executeQuery<Row>(query)),
      streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
      ...(connection.cancelQuery === undefined
        ? {}
        : { cancelQuery: (provider) => connection.cancelQuery!(provider) }),
    };
    connections.set(connection, outer);
    inner.set(outer, connection);
    return outer;
  };
  const unwrap = (connection: DatabaseConnection): DatabaseConnection => inner.get(connection) ?? connection;
  return {
    init: () => translated(() => driver.init()),
    acquireConnection: () => translated(async () => wrap(await driver.acquireConnection())),
    beginTransaction: (connection, settings) =>
      translated(() => driver.beginTransaction(unwrap(connection), settings)),
    commitTransaction: (connection) => translated(() => driver.commitTransaction(unwrap(connection))),
    rollbackTransaction: (connection) => translated(() => driver.rollbackTransaction(unwrap(connection))),
    releaseConnection: (connection) => driver.releaseConnection(unwrap(connection)),
    destroy: () => driver.destroy(),
  };
}

async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw translateError(error);
  }
}
