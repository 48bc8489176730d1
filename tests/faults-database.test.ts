import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { embedCatalogue } from "../src/embeddings/mod.ts";
import { loadModel } from "../src/registry/mod.ts";
import { type BrokenLine, breakableLine } from "./broken-line.ts";
import { faultWorld } from "./fault-world.ts";
import { tinyCatalogue } from "./tiny-model.ts";

const server = process.env["DATABASE_URL"];

// A server of its own process is needed to lose it: PGlite lives in this one.
describe.skipIf(server === undefined)("a service beside a Postgres that fails", () => {
  const name = `futago_faults_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const role = "futago_faults";
  let line: BrokenLine;
  let admin: Database;
  let owner: Database;
  let served: Database;
  let world: ReturnType<typeof faultWorld>;
  const clock = { time: 1e12, now: () => clock.time };

  /** The same server, another database, as somebody whom limits apply to: they do not to a superuser. */
  const urlOf = (address: string, user?: string): string => {
    const url = new URL(address);
    url.pathname = `/${name}`;
    if (user !== undefined) {
      url.username = user;
      url.password = user;
    }
    return url.href;
  };

  beforeAll(async () => {
    admin = await openDatabase({ url: server! }, { migrate: false, maxConnections: 1 });
    await sql`do $$ begin
      if not exists (select from pg_roles where rolname = 'futago_faults') then
        create role futago_faults login bypassrls password 'futago_faults';
      end if;
    exception when duplicate_object or unique_violation then null; end $$`.execute(admin.connection);
    await sql`create database ${sql.id(name)} owner ${sql.id(role)}`.execute(admin.connection);
    owner = await openDatabase({ url: urlOf(server!) }, { maxConnections: 2, indexFromRows: 10 });
    const { items, people, events } = tinyCatalogue();
    await owner.catalogue.putBatch({ items, people, events });
    line = await breakableLine(server!);
    served = await openDatabase(
      { url: urlOf(line.url, role) },
      {
        migrate: false,
        maxConnections: 2,
        bounds: { timeoutMs: 400, clock, onBreaker: (open) => world.metrics.breaker(open) },
      },
    );
    const storesOf = ({ catalogue, vectors, versions }: Database) => ({
      store: catalogue,
      vectors,
      versions,
    });
    world = faultWorld(storesOf(owner), { stores: () => storesOf(served) });
    await world.deploy(1);
    await admit();
  });

  afterEach(async () => {
    await line.mend();
    clock.time += 1000;
  });

  afterAll(async () => {
    await served?.close();
    await line?.close();
    await owner?.close();
    await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin.connection);
    await admin.close();
  });

  /** Everything there is now, as partitions come later than grants. */
  async function admit(): Promise<void> {
    for (const kind of ["tables", "functions", "sequences"]) {
      await sql`grant all on all ${sql.raw(kind)} in schema public to ${sql.id(role)}`.execute(
        owner.connection,
      );
    }
  }

  /** A running service that knows p00, whose age and most liked it has read. */
  async function running() {
    const started = world.start();
    await started.engine.refresh();
    expect(await started.ask("p00")).toMatchObject({ status: 200, source: "two_tower" });
    return started;
  }

  /** Every connection of the service ends, as at a restart of the server: what is set for new ones holds from now on. */
  async function disconnect(): Promise<void> {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${name} and usename = ${role}`.execute(admin.connection);
  }

  test.each([
    ["is down", () => line.cut()],
    ["does not answer", () => line.freeze()],
    ["is slow", () => line.slow(60_000)],
  ] as const)(
    "that %s: from memory for known viewers, 503 for others, and found again by itself",
    async (_, breakIt) => {
      const { ask, post } = await running();
      const before = await world.metric("futago_recoveries_total", { link: "database" });
      await breakIt();
      expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity", stale: true });
      expect(await ask("p01")).toMatchObject({ status: 503, code: "database_unreachable" });
      const events = await post("events", { events: [{ user_id: "p00", video_id: "v01", kind: "view" }] });
      expect(events.status).toBe(503);
      // Two failures in a row are enough: nobody waits for the third.
      expect(await world.metric("futago_database_breaker_open")).toBe(1);
      expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
      expect(
        await world.metric("futago_fallbacks_total", { source: "popularity", code: "database_unreachable" }),
      ).toBeGreaterThan(0);
      await line.mend();
      clock.time += 1000;
      expect(await ask("p01")).toMatchObject({ status: 200, source: "two_tower" });
      expect(await world.metric("futago_database_breaker_open")).toBe(0);
      expect(await world.metric("futago_recoveries_total", { link: "database" })).toBe(before + 1);
    },
  );

  test("that restarts under a running service: no answer is lost", async () => {
    const { ask } = await running();
    await disconnect();
    const answers = [await ask("p00"), await ask("p00"), await ask("p00")];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.at(-1)).toMatchObject({ source: "two_tower" });
  });

  test("that is read-only: recommendations as ever, events refused, vectors computed and not stored", async () => {
    const { ask, post } = await running();
    const event = { events: [{ user_id: "p02", video_id: "v01", kind: "view", at: world.clock.now() }] };
    const embed = async (): Promise<unknown> =>
      (await post("update_user_embedding", { user_id: "p00" })).json();
    await sql`alter database ${sql.id(name)} set default_transaction_read_only = on`.execute(
      admin.connection,
    );
    await disconnect();
    await ask("p00");
    expect(await ask("p00")).toMatchObject({ status: 200, source: "two_tower" });
    const refused = await post("events", event);
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { error: { code: "database_read_only" } },
    ]);
    expect(await embed()).toMatchObject({ dims: 16, stored: false });
    expect(await world.metric("futago_problems_total", { code: "database_read_only" })).toBe(1);
    await sql`alter database ${sql.id(name)} reset default_transaction_read_only`.execute(admin.connection);
    await disconnect();
    await ask("p00");
    expect((await post("events", event)).status).toBe(200);
    expect(await embed()).toMatchObject({ stored: true });
  });

  test("that has no connection left: from memory for known viewers, database_busy for others", async () => {
    const { ask } = await running();
    await sql`alter database ${sql.id(name)} connection limit 0`.execute(admin.connection);
    await disconnect();
    // The first finds out that its connection is gone; from then on there is no other.
    await ask("p00");
    expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity", stale: true });
    expect(await ask("p01")).toMatchObject({ status: 503, code: "database_busy" });
    expect(
      await world.metric("futago_fallbacks_total", { source: "popularity", code: "database_unreachable" }),
    ).toBeGreaterThan(0);
    await sql`alter database ${sql.id(name)} connection limit -1`.execute(admin.connection);
    expect(await ask("p01")).toMatchObject({ status: 200, source: "two_tower" });
  });

  test("whose connections are all taken by this process: the same", async () => {
    const { ask } = await running();
    const release = Promise.withResolvers<void>();
    const taken = Array.from({ length: 2 }, () => {
      const begun = Promise.withResolvers<void>();
      const ended = served.connection.transaction().execute(async (trx) => {
        await sql`select 1`.execute(trx);
        begun.resolve();
        await release.promise;
      });
      return { begun: begun.promise, ended };
    });
    for (const { begun } of taken) await begun;
    expect(await ask("p01")).toMatchObject({ status: 503, code: "database_busy" });
    expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
    release.resolve();
    for (const { ended } of taken) await ended;
    clock.time += 1000;
    expect(await ask("p01")).toMatchObject({ status: 200, source: "two_tower" });
  });

  describe("whose partition", () => {
    async function partition(): Promise<{ version: string; table: string; index: string }> {
      const { version } = (await owner.versions.active())!;
      const row = await owner.connection
        .selectFrom("embedding_partitions")
        .selectAll()
        .where("model_version", "=", version)
        .executeTakeFirstOrThrow();
      expect(row.indexed).toBe(true);
      return { version, table: row.videos_table, index: `${row.videos_table}_hnsw` };
    }

    test("has an index that is not valid, or none: an exact search gives the same", async () => {
      const { ask } = await running();
      const { ids } = await ask("p00");
      const { version, index } = await partition();
      await sql`update pg_index set indisvalid = false where indexrelid = ${index}::regclass`.execute(
        owner.connection,
      );
      expect(await ask("p00")).toMatchObject({ source: "two_tower", ids });
      await sql`drop index ${sql.table(index)}`.execute(owner.connection);
      expect(await ask("p00")).toMatchObject({ source: "two_tower", ids });
      expect(await owner.vectors.buildIndex(version)).toEqual({ indexed: true, rows: 60 });
      const { rows } = await sql<{ valid: boolean }>`select indisvalid as valid from pg_index
        where indexrelid = ${index}::regclass`.execute(owner.connection);
      expect(rows).toEqual([{ valid: true }]);
      expect(await ask("p00")).toMatchObject({ source: "two_tower", ids });
    });

    test("is dropped behind everybody's back: the linear model answers until it is embedded again", async () => {
      const { ask } = await running();
      const { version, table } = await partition();
      await sql`drop table ${sql.table(table)}`.execute(owner.connection);
      expect(await ask("p00")).toMatchObject({ status: 200, source: "linear" });
      await owner.vectors.dropPartition(version);
      expect(await ask("p00")).toMatchObject({ status: 200, source: "linear" });
      const { manifestHash } = (await owner.versions.active())!;
      const model = await loadModel(world, version, { manifestHash });
      await embedCatalogue({ towers: model.towers, version, store: owner.catalogue, vectors: owner.vectors });
      await model.close();
      await admit();
      expect(await ask("p00")).toMatchObject({ status: 200, source: "two_tower" });
    });
  });
});
