import type { CompiledQuery, DatabaseConnection, Dialect, Driver, TransactionSettings } from "kysely";
import { CircuitBreaker, type Clock, FutagoError, isFutagoError, within } from "../../base/mod.ts";

/** How long a query may take, and what happens when the database does not answer. */
export interface QueryBounds {
  /** Milliseconds that a query, or waiting for a free connection, may take. */
  readonly timeoutMs: number;
  /** Failures in a row after which only one attempt a second is let through. @default 2 */
  readonly failures?: number;
  /** @default Date */
  readonly clock?: Clock;
  /** Told when attempts are held back, and when they are let through again. */
  readonly onBreaker?: (open: boolean) => void;
}

/** A pool of connections that can be put aside for a new one. */
export interface ConnectionPool {
  readonly dialect: Dialect;
  readonly maxConnections: number;
  /** Connects once, and asks nothing of note. */
  connect(): Promise<void>;
  /** Ends it; what is under way gets a few seconds. */
  end(): Promise<void>;
}

/** How long a cancelled query may take to end before its connection counts as dead, in milliseconds. */
const graceMs = 1000;

/**
 * A dialect in which nothing waits for long. A query that takes too long is cancelled; where even that brings no answer
 * the pool is put aside and the next query opens a new one, as a pool may hold on to connections that are dead without
 * knowing it. A breaker keeps everybody else from waiting as long. All of it happens here, on the client: a setting of
 * the session would not survive a transaction pooler.
 *
 * @param open Makes a pool whose errors are translated; it connects when it is first used.
 * @param bounds How long is too long.
 * @returns A dialect for kysely.
 */
export function boundQueries(open: () => ConnectionPool, bounds: QueryBounds): Dialect {
  const { dialect } = open();
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => new BoundedDriver(open, bounds),
  };
}

interface OpenPool {
  readonly driver: Driver;
  readonly pool: ConnectionPool;
  held: number;
}

/** A connection and what still runs on it, its answer no longer awaited. */
class BoundedConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;
  readonly of: OpenPool;
  readonly #driver: BoundedDriver;
  running: Promise<unknown> = Promise.resolve();
  dead = false;

  constructor(inner: DatabaseConnection, of: OpenPool, driver: BoundedDriver) {
    this.inner = inner;
    this.of = of;
    this.#driver = driver;
  }

  executeQuery<Row>(query: CompiledQuery) {
    return this.#driver.run(this, () => this.inner.executeQuery<Row>(query));
  }

  streamQuery<Row>(query: CompiledQuery, chunkSize: number) {
    return this.inner.streamQuery<Row>(query, chunkSize);
  }
}

class BoundedDriver implements Driver {
  readonly #open: () => ConnectionPool;
  readonly #timeoutMs: number;
  readonly #breaker: CircuitBreaker;
  #current: Promise<OpenPool> | undefined;

  constructor(open: () => ConnectionPool, bounds: QueryBounds) {
    this.#open = open;
    this.#timeoutMs = bounds.timeoutMs;
    this.#breaker = new CircuitBreaker({
      clock: bounds.clock ?? Date,
      ...(bounds.failures === undefined ? {} : { failures: bounds.failures }),
      ...(bounds.onBreaker === undefined ? {} : { onChange: bounds.onBreaker }),
    });
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (!this.#breaker.enter()) throw heldBack();
    const pool = await this.#pool().catch((error: unknown) => {
      this.#count(error);
      throw error;
    });
    const { driver } = pool;
    const acquired = driver.acquireConnection();
    try {
      const inner = await within(acquired, this.#timeoutMs, () =>
        pool.held >= pool.pool.maxConnections ? allTaken(pool.held) : tooSlow(this.#timeoutMs),
      );
      pool.held++;
      return new BoundedConnection(inner, pool, this);
    } catch (error) {
      // It may come after all; nobody waits for it any more.
      acquired.then((inner) => driver.releaseConnection(inner)).catch(() => {});
      this.#count(error);
      if (isFutagoError(error) && error.code === "database_unreachable") this.#putAside(pool);
      throw error;
    }
  }

  async run<Result>(connection: BoundedConnection, work: () => Promise<Result>): Promise<Result> {
    await connection.running;
    if (connection.dead) throw tooSlow(this.#timeoutMs);
    const running = work();
    try {
      const result = await within(running, this.#timeoutMs, () => tooSlow(this.#timeoutMs));
      this.#breaker.succeeded();
      return result;
    } catch (error) {
      this.#count(error);
      if (isTimeout(error)) connection.running = this.#cancel(connection, running);
      else if (isLost(error)) this.#bury(connection);
      throw error;
    }
  }

  /** Resolves once the query has ended, or the connection is known to be dead. */
  async #cancel(connection: BoundedConnection, running: Promise<unknown>): Promise<void> {
    // Ended in any other way, the request is still on its way and would hit whatever runs next on that connection.
    const cancelled = running.then(
      () => Promise.reject(tooSlow(graceMs)),
      (error: unknown) => (isCancelled(error) ? undefined : Promise.reject(error)),
    );
    connection.inner.cancelQuery?.(async () => {}).catch(() => {});
    try {
      await within(cancelled, graceMs, () => tooSlow(graceMs));
    } catch {
      this.#bury(connection);
    }
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const bounded = connection as BoundedConnection;
    return this.run(bounded, () => bounded.of.driver.beginTransaction(bounded.inner, settings));
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    const bounded = connection as BoundedConnection;
    return this.run(bounded, () => bounded.of.driver.commitTransaction(bounded.inner));
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const bounded = connection as BoundedConnection;
    return this.run(bounded, () => bounded.of.driver.rollbackTransaction(bounded.inner));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const bounded = connection as BoundedConnection;
    const giveBack = async (): Promise<void> => {
      await bounded.running;
      bounded.of.held--;
      // A dead one goes with its pool; given back, it would be handed to the next who asks.
      if (!bounded.dead) await bounded.of.driver.releaseConnection(bounded.inner);
    };
    // Not awaited: whoever asked has had their answer.
    giveBack().catch(() => this.#bury(bounded));
  }

  async destroy(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await (await current?.catch(() => undefined))?.pool.end();
  }

  #pool(): Promise<OpenPool> {
    if (this.#current !== undefined) return this.#current;
    const opening = this.#openPool();
    this.#current = opening;
    opening.catch(() => {
      if (this.#current === opening) this.#current = undefined;
    });
    return opening;
  }

  async #openPool(): Promise<OpenPool> {
    const pool = this.#open();
    const driver = pool.dialect.createDriver();
    await driver.init();
    try {
      // By a query of its own: postgres.js remembers who waits for a connection that was refused, and would connect for
      // them when the server is back, even after the pool was ended.
      await within(pool.connect(), this.#timeoutMs, () => tooSlow(this.#timeoutMs));
    } catch (error) {
      pool.end().catch(() => {});
      throw error;
    }
    return { driver, pool, held: 0 };
  }

  /** Counts what means that the database does not answer; anything else is an answer. */
  #count(error: unknown): void {
    if (isLost(error) || isTimeout(error)) this.#breaker.failed();
    else this.#breaker.succeeded();
  }

  #bury(connection: BoundedConnection): void {
    connection.dead = true;
    this.#putAside(connection.of);
  }

  #putAside(pool: OpenPool): void {
    const current = this.#current;
    current?.then(
      (now) => {
        if (now !== pool || this.#current !== current) return;
        this.#current = undefined;
        pool.pool.end().catch(() => {});
      },
      () => {},
    );
  }
}

function isLost(error: unknown): boolean {
  return isFutagoError(error) && error.code === "database_unreachable" && !isTimeout(error);
}

function isCancelled(error: unknown): boolean {
  return isFutagoError(error) && error.details["code"] === "57014";
}

function isTimeout(error: unknown): boolean {
  return isFutagoError(error) && error.details["code"] === "TIMEOUT";
}

function tooSlow(milliseconds: number): FutagoError {
  return new FutagoError(
    "database_unreachable",
    `Cannot wait for the database as it must answer within ${milliseconds} ms: it has not; see its load and the network`,
    { details: { code: "TIMEOUT" } },
  );
}

function allTaken(held: number): FutagoError {
  return new FutagoError(
    "database_busy",
    `Cannot ask the database as a connection must be free in time: all ${held} are taken; ask again`,
    { details: { code: "TIMEOUT" } },
  );
}

function heldBack(): FutagoError {
  return new FutagoError(
    "database_unreachable",
    "Cannot ask the database as it must have answered lately: it has not; it is tried once a second",
    { details: { code: "HELD_BACK" } },
  );
}
