import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEdgeDatabase } from "../src/adapters/postgres/edge-database.conformance.ts";
import {
  createFreshDatabase,
  type FreshDatabase,
} from "../src/adapters/postgres/fresh-database.conformance.ts";
import { checkDrift, type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { hasPgbouncer, type Pooler, startPgbouncer } from "../src/adapters/postgres/pgbouncer.conformance.ts";
import { createRandom } from "../src/base/mod.ts";
import * as jobs from "../src/jobs/mod.ts";
import { createInferenceEngine } from "../src/recommend/mod.ts";
import { testNow, tinyCatalogue } from "./tiny-model.ts";
import { tinyWorld } from "./tiny-world.ts";

const serverUrl = process.env["DATABASE_URL"];
if (serverUrl !== undefined && !hasPgbouncer) {
  console.log(
    "SKIPPED: tests through a transaction pooler, as there is no pgbouncer; apt-get install pgbouncer",
  );
}
const clients = 20;

// Servers and edge functions in turn. Two sessions for everybody: a client that relied on its session would soon be in another's.
describe.skipIf(serverUrl === undefined || !hasPgbouncer)("through a transaction pooler", () => {
  let fresh: FreshDatabase;
  let pooler: Pooler;
  let databases: readonly Database[] = [];
  beforeAll(async () => {
    fresh = await createFreshDatabase(serverUrl!);
    pooler = await startPgbouncer(fresh.url, { sessions: 2 });
    const opened = await Promise.all(
      Array.from({ length: clients / 2 }, () =>
        openDatabase({ url: pooler.url }, { maxConnections: 2, indexFromRows: 1 }),
      ),
    );
    const edge = await Promise.all(opened.map(() => openEdgeDatabase(pooler.url)));
    databases = opened.flatMap((database, i) => [database, edge[i]!]);
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await pooler.stop();
    await fresh.drop();
  });

  test("[PO1] migrating, importing, embedding and answering work, from 20 clients at once", async () => {
    expect(await checkDrift(databases[0]!.connection)).toEqual([]);
    const [first] = databases as readonly [Database];
    const { items, people, events } = tinyCatalogue();
    await first.catalogue.putBatch({ items, people, events });
    const world = tinyWorld({ ...first, store: first.catalogue });
    const version = await world.deploy(1);
    expect(await first.vectors.buildIndex(version)).toMatchObject({ indexed: true });
    // Each client answers one viewer and records what they refuse, all of them at the same time, several times over.
    await Promise.all(
      databases.map(async ({ catalogue: store, vectors, versions }, i) => {
        const engine = createInferenceEngine({ ...world, store, vectors, versions, refreshMs: 0 });
        const personId = people[i % 10]!.id;
        const filter = { genres: ["harbour"], maxPrice: 600 };
        for (let turn = 0; turn < 3; turn++) {
          const { source, recommendations } = await engine.recommend(personId, { limit: 3, filter });
          expect([source, recommendations.length > 0]).toEqual(["two_tower", true]);
          const { itemId } = recommendations[0]!;
          await store.putEvents([{ personId, itemId, kind: "nope", at: testNow + turn }]);
          const next = await engine.recommend(personId, { limit: 3, filter });
          expect(next.recommendations.map((each) => each.itemId)).not.toContain(itemId);
        }
      }),
    );
    const vector = Float32Array.from({ length: 16 }, () => 1 / 4);
    const found = await Promise.all(
      databases.map(({ vectors }) =>
        vectors.nearest({ version, vector, limit: 5, filter: { genres: ["forest"] } }),
      ),
    );
    expect(new Set(found.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(found[0]).toHaveLength(5);
  });

  test("jobs are claimed once each, and of a bounded kind no more at once, from 20 clients", async () => {
    await databases[0]!.jobs.enqueue(
      Array.from({ length: 200 }, (_, n) => ({ kind: n % 2 === 0 ? "free" : "bounded", payload: { n } })),
    );
    const done: unknown[] = [];
    let [atOnce, most] = [0, 0];
    const work = async ({ job }: jobs.JobContext) => {
      if (job.kind === "bounded") most = Math.max(most, ++atOnce);
      await Promise.resolve();
      if (job.kind === "bounded") atOnce--;
      done.push(job.payload["n"]);
      return undefined;
    };
    const handlers = { free: { run: work }, bounded: { run: work, concurrency: 3 } };
    await Promise.all(
      databases.map(({ jobs: queue }, i) =>
        jobs
          .createWorker({ queue, handlers, name: `w${i}`, random: createRandom(i), parallel: 4 })
          .run(new AbortController().signal, { untilEmpty: true }),
      ),
    );
    expect(new Set(done).size).toBe(200);
    expect(done).toHaveLength(200);
    expect(most).toBeLessThanOrEqual(3);
  });

  test("[PO2] no session is left with a prepared statement, a setting, a lock, a listener or a temporary table", async () => {
    // Both at once, so that each of the two sessions is asked.
    const asked = await Promise.all(
      databases.slice(0, 2).map(({ connection }) =>
        connection.transaction().execute(async (trx) => {
          const { rows } = await sql<{ pid: number; left: readonly string[] }>`
            select pg_backend_pid() as pid, array(
              select name from pg_prepared_statements union all
              select name from pg_settings where source = 'session' and name <> 'application_name' union all
              select locktype from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() union all
              select * from pg_listening_channels() union all
              select relname::text from pg_class where relpersistence = 't') as left, pg_sleep(0.2)::text`.execute(
            trx,
          );
          return rows[0]!;
        }),
      ),
    );
    expect(new Set(asked.map(({ pid }) => pid)).size).toBe(2);
    expect(asked.flatMap(({ left }) => left)).toEqual([]);
  });

  test("and the pooler is one in which a prepared statement gets lost", async () => {
    const [asking, ...others] = databases.slice(0, 3).map(({ connection }) => connection);
    const sessionOf = async (connection: Database["connection"]): Promise<number> => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(connection);
      return rows[0]!.pid;
    };
    const prepared = await asking!.transaction().execute(async (trx) => {
      await sql.raw("prepare named as select 1").execute(trx);
      return sessionOf(trx);
    });
    // Two transactions hold both sessions; the one that does not know the statement is set free, and is asked for it.
    const holders = await Promise.all(
      others.map(async (connection) => {
        const session = Promise.withResolvers<number>();
        const end = Promise.withResolvers<void>();
        const ended = connection.transaction().execute(async (trx) => {
          session.resolve(await sessionOf(trx));
          await end.promise;
        });
        const finish = (): Promise<void> => {
          end.resolve();
          return ended;
        };
        return { session: await session.promise, finish };
      }),
    );
    await holders.find(({ session }) => session !== prepared)!.finish();
    await expect(sql.raw("execute named").execute(asking!)).rejects.toThrow("does not exist");
    await Promise.all(holders.map(({ finish }) => finish()));
  });
});
