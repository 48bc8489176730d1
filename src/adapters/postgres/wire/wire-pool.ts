import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import type { ConnectionPool } from "../bound-queries.ts";
import { translateError, translateErrors } from "../translate-errors.ts";
import { WireConnection, type WireOptions } from "./wire-connection.ts";

/** After so many milliseconds without a statement a connection is given back to the server. */
const idleMs = 60_000;

/**
 * A pool of connections over sockets that are handed in, as a dialect for kysely whose errors are translated.
 *
 * @param options Where to, and how many connections at most.
 * @returns The pool; nothing is connected yet.
 */
export function createWirePool(options: WireOptions & { readonly maxConnections: number }): ConnectionPool {
  const { maxConnections } = options;
  const open = new Set<WireConnection>();
  const idle = new Map<WireConnection, ReturnType<typeof setTimeout>>();
  const waiting: ((connection: Promise<WireConnection>) => void)[] = [];
  let taken = 0;
  let ended = false;

  async function connect(): Promise<WireConnection> {
    const connection = await WireConnection.open(options);
    if (ended) connection.close();
    open.add(connection);
    connection.closed.then(() => {
      open.delete(connection);
      wake(connection);
    });
    return connection;
  }

  async function acquire(): Promise<WireConnection> {
    if (taken >= maxConnections) return new Promise((resolve) => waiting.push(resolve));
    taken++;
    return take();
  }

  /** For somebody who is counted among those who have one. */
  async function take(): Promise<WireConnection> {
    try {
      const [rested] = idle.keys();
      if (rested === undefined) return await connect();
      wake(rested);
      return rested;
    } catch (error) {
      leave();
      throw error;
    }
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) taken--;
    else next(take());
  }

  function rest(connection: WireConnection): void {
    idle.set(
      connection,
      setTimeout(() => connection.close(), idleMs),
    );
  }

  function wake(connection: WireConnection): void {
    clearTimeout(idle.get(connection));
    idle.delete(connection);
  }

  function release(connection: WireConnection): void {
    if (open.has(connection)) rest(connection);
    leave();
  }

  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () => new WireDriver(acquire, release),
  };
  return {
    dialect: translateErrors(dialect),
    maxConnections,
    connect: async () => {
      try {
        rest(await connect());
      } catch (error) {
        throw translateError(error);
      }
    },
    end: async () => {
      ended = true;
      for (const connection of open) connection.close();
    },
  };
}

class Wire implements DatabaseConnection {
  readonly connection: WireConnection;

  constructor(connection: WireConnection) {
    this.connection = connection;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { command, count, rows } = await this.connection.query(sql, parameters);
    const changes = command !== "SELECT";
    return { rows: rows as Row[], ...(changes ? { numAffectedRows: BigInt(count) } : {}) };
  }

  cancelQuery(): Promise<void> {
    return this.connection.cancel();
  }

  // biome-ignore lint/correctness/useYield: kysely asks for a generator, and nothing here streams
  async *streamQuery<Row>(): AsyncGenerator<QueryResult<Row>> {
    throw new TypeError("Cannot stream a query as this connection gives whole answers: execute it");
  }
}

class WireDriver implements Driver {
  readonly #acquire: () => Promise<WireConnection>;
  readonly #release: (connection: WireConnection) => void;

  constructor(acquire: () => Promise<WireConnection>, release: (connection: WireConnection) => void) {
    this.#acquire = acquire;
    this.#release = release;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Wire(await this.#acquire());
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    const level = isolationLevel === undefined ? "" : ` isolation level ${isolationLevel}`;
    await connection.executeQuery(CompiledQuery.raw(`begin${level}${accessMode ? ` ${accessMode}` : ""}`));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#release((connection as Wire).connection);
  }

  async destroy(): Promise<void> {}
}
