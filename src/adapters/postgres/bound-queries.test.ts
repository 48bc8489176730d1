import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { type BrokenLine, breakableLine } from "../../../tests/broken-line.ts";
import { openEdgeOnNode } from "./edge-database.conformance.ts";
import { openServer } from "./open-server.ts";

const server = process.env["DATABASE_URL"];

const openEdge = await openEdgeOnNode();
const clients: readonly { readonly client: string; readonly open: typeof openServer }[] = [
  { client: "Node's sockets", open: openServer },
  {
    client: "an edge function's sockets",
    open: (url, { bounds, maxConnections }) =>
      openEdge(url, { bounds: bounds!, maxConnections: maxConnections! }),
  },
];

// Needs connections that break: nothing that PGlite, which lives in the process, could do.
describe.skipIf(server === undefined).each(clients)("queries with bounds over $client", ({ open }) => {
  async function world(
    run: (world: {
      line: BrokenLine;
      clock: { time: number };
      breaker: boolean[];
      ask: (milliseconds?: number) => Promise<unknown>;
      db: ReturnType<typeof openServer>["db"];
    }) => Promise<void>,
    options: { timeoutMs?: number; maxConnections?: number } = {},
  ): Promise<void> {
    const line = await breakableLine(server!);
    const clock = { time: 1e12, now: () => clock.time };
    const breaker: boolean[] = [];
    const { db, close } = open(line.url, {
      maxConnections: options.maxConnections ?? 2,
      bounds: { timeoutMs: options.timeoutMs ?? 5000, clock, onBreaker: (open) => breaker.push(open) },
    });
    const ask = async (milliseconds = 0): Promise<unknown> =>
      (await sql`select pg_sleep(${milliseconds}::double precision / 1000), 1 as one`.execute(db)).rows[0];
    try {
      await run({ line, clock, breaker, ask, db });
    } finally {
      await close();
      await line.close();
    }
  }
  const unreachable = { code: "database_unreachable" };

  test("a query that takes too long is cancelled, and its connection serves on", () =>
    world(
      async ({ ask, db, breaker }) => {
        const backend = async (): Promise<unknown> =>
          (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid;
        const before = await backend();
        await expect(ask(60_000)).rejects.toMatchObject({ ...unreachable, details: { code: "TIMEOUT" } });
        expect(await backend()).toBe(before);
        expect(breaker).toEqual([]);
      },
      { maxConnections: 1, timeoutMs: 500 },
    ));

  test("a transaction whose query takes too long is rolled back", () =>
    world(
      async ({ db, ask }) => {
        const table = `bound_queries_${process.pid}`;
        const work = db.transaction().execute(async (trx) => {
          await sql`create table ${sql.table(table)} ()`.execute(trx);
          await sql`select pg_sleep(60)`.execute(trx);
        });
        await expect(work).rejects.toMatchObject(unreachable);
        await ask();
        const { rows } = await sql<{
          there: boolean;
        }>`select to_regclass(${table}) is not null as there`.execute(db);
        expect(rows).toEqual([{ there: false }]);
      },
      { timeoutMs: 500 },
    ));

  test("what is cut is told at once, and found again when it is back", () =>
    world(async ({ line, ask, clock, breaker }) => {
      await ask();
      await line.cut();
      for (let i = 0; i < 4; i++) await expect(ask()).rejects.toMatchObject(unreachable);
      expect(breaker).toEqual([true]);
      await line.mend();
      await expect(ask()).rejects.toMatchObject({ details: { code: "HELD_BACK" } });
      clock.time += 1000;
      expect(await ask()).toMatchObject({ one: 1 });
      expect(breaker).toEqual([true, false]);
    }));

  test("nothing connects for those who were refused before: a pool that was put aside stays ended", () =>
    world(async ({ line, ask, clock }) => {
      await ask();
      expect(line.connections()).toBe(1);
      await line.cut();
      for (let i = 0; i < 6; i++) {
        await expect(ask()).rejects.toMatchObject(unreachable);
        clock.time += 1000;
      }
      await line.mend();
      // Longer than postgres.js takes to try again.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await ask()).toMatchObject({ one: 1 });
      expect(line.connections()).toBe(1);
    }));

  test("a connection that dies in the middle of a query is not handed to the next", () =>
    world(
      async ({ line, ask }) => {
        await ask();
        const dying = expect(ask(200)).rejects.toMatchObject(unreachable);
        await line.cut();
        await dying;
        await line.mend();
        expect(await ask()).toMatchObject({ one: 1 });
      },
      { maxConnections: 1 },
    ));

  test("a frozen line holds nobody longer than the bound, and its connections are given up", () =>
    world(
      async ({ line, ask, clock, breaker }) => {
        await ask();
        await line.freeze();
        const asked = await Promise.allSettled([ask(), ask(), ask()]);
        expect(asked.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
        expect(breaker).toEqual([true]);
        await expect(ask()).rejects.toMatchObject({ details: { code: "HELD_BACK" } });
        await line.mend();
        clock.time += 1000;
        expect(await ask()).toMatchObject({ one: 1 });
      },
      { timeoutMs: 500 },
    ));

  test("a query that cannot even be cancelled, as nobody takes the request, ends all the same", () =>
    world(
      async ({ line, ask }) => {
        await ask();
        await line.refuse();
        // A rejection that nobody caught would fail this file.
        await expect(ask(800)).rejects.toMatchObject({ details: { code: "TIMEOUT" } });
      },
      { maxConnections: 1, timeoutMs: 400 },
    ));

  test("where every connection is taken, waiting for one ends in database_busy", () =>
    world(
      async ({ db, ask }) => {
        const release = Promise.withResolvers<void>();
        const held = Promise.withResolvers<void>();
        const taken = db.transaction().execute(async (trx) => {
          await sql`select 1`.execute(trx);
          held.resolve();
          await release.promise;
        });
        await held.promise;
        await expect(ask()).rejects.toMatchObject({ code: "database_busy" });
        release.resolve();
        await taken;
        expect(await ask()).toMatchObject({ one: 1 });
      },
      { maxConnections: 1, timeoutMs: 500 },
    ));

  test("a mistake in a query is an answer: nothing is held back", () =>
    world(async ({ db, ask, breaker }) => {
      for (let i = 0; i < 4; i++) await expect(sql`select nonsense`.execute(db)).rejects.toThrow("nonsense");
      expect(await ask()).toMatchObject({ one: 1 });
      expect(breaker).toEqual([]);
    }));
});
