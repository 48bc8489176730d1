import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, describe, expect, test } from "vitest";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { startFakeStorage } from "../src/adapters/blob-supabase/fake-storage.conformance.ts";
import { describeDatabases } from "../src/adapters/postgres/databases.conformance.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import type { CheckResult } from "../src/cli/doctor/check.ts";
import { type ExamineOptions, examine } from "../src/cli/doctor/examine.ts";
import { nodeVersion } from "../src/cli/doctor/machine-checks.ts";
import { openModelStore } from "../src/cli/open-model-store.ts";
import { breakableLine } from "./broken-line.ts";
import { tinyCatalogue } from "./tiny-model.ts";
import { tinyWorld } from "./tiny-world.ts";

const home = await mkdtemp(join(tmpdir(), "futago-doctor-"));
afterAll(() => rm(home, { recursive: true }));

/** What is wrong, by the name of the check. */
function wrong(results: readonly CheckResult[]): Record<string, string> {
  return Object.fromEntries(
    results.filter(({ ok }) => !ok).map(({ name, says, advice = "" }) => [name, `${says} | ${advice}`]),
  );
}

// Tells whole seconds: on a machine that is busy a question may take long without anything being wrong.
const clock = { now: () => Math.floor(Date.now() / 1000) * 1000 };

function doctor(options: Partial<ExamineOptions>): Promise<readonly CheckResult[]> {
  return examine({
    clock,
    context: { home, env: {}, databaseTarget: { directory: join(home, "none") } },
    openModels: () => createFileBlobStore(home),
    fix: false,
    ...options,
  });
}

describeDatabases("futago doctor", (open) => {
  /** A database with a promoted model, whose files lie in a folder of their own, and a way to examine it. */
  async function world() {
    const database = await open({ indexFromRows: 10 });
    const { catalogue: store, vectors, versions } = database;
    const { items, people, events } = tinyCatalogue();
    await store.putBatch({ items, people, events });
    const made = tinyWorld({ store, vectors, versions });
    const first = await made.deploy(1);
    const second = await made.deploy(2);
    const folder = await mkdtemp(join(home, "models-"));
    const blobs = createFileBlobStore(folder);
    const restore = async (): Promise<void> => {
      for (const path of await made.blobs.list("models/"))
        await blobs.write(path, (await made.blobs.read(path))!);
    };
    await restore();
    const look = (options: Partial<ExamineOptions> = {}) =>
      doctor({
        open: async () => ({ ...database, close: async () => {} }),
        openModels: () => blobs,
        ...options,
      });
    const at = (version: string, file: string): string => join(folder, "models", version, file);
    const { connection } = database;
    const { videos_table: table } = await connection
      .selectFrom("embedding_partitions")
      .selectAll()
      .where("model_version", "=", second)
      .executeTakeFirstOrThrow();
    return { ...made, first, second, look, restore, at, connection, database, table };
  }
  type World = Awaited<ReturnType<typeof world>>;

  /** The names of what is wrong, and after mending and without it. */
  async function mended({ look }: World): Promise<readonly string[]> {
    const results = await look({ fix: true });
    expect(wrong(results)).toEqual({});
    expect(wrong(await look())).toEqual({});
    return results.flatMap(({ mended: what }) => (what === undefined ? [] : [what]));
  }

  test("finds nothing wrong with what is in order", async () => {
    const { look, second } = await world();
    const results = await look();
    expect(wrong(results)).toEqual({});
    const says = Object.fromEntries(results.map(({ name, says: what }) => [name, what]));
    expect(says["model"]).toMatch(`${second}, whole`);
    expect(says["vectors"]).toBe(`60 of 60 items embedded under ${second}`);
    expect(JSON.stringify(results)).not.toMatch(/p00|v00/);
  });

  test("names a bundle that is missing, truncated or of other content, and is content once it is whole", async () => {
    const w = await world();
    const faults: readonly (readonly [() => Promise<void>, RegExp])[] = [
      [() => rm(w.at(w.second, "manifest.json")), /^bundle_missing: .*manifest.json/],
      [() => truncate(w.at(w.second, "user_tower.onnx"), 9), /^bundle_corrupt: .*user_tower.onnx/],
      [() => writeFile(w.at(w.second, "features.json"), "{}"), /^bundle_corrupt: .*features.json/],
    ];
    for (const [breakIt, says] of faults) {
      await breakIt();
      const found = wrong(await w.look());
      expect(found).toEqual({ model: expect.stringMatching(says) });
      expect(found["model"]).toMatch("futago models rollback");
      await w.restore();
    }
    expect(wrong(await w.look())).toEqual({});
  });

  test("names a broken bundle that nothing would fall back to", async () => {
    const w = await world();
    await rm(w.at(w.first, "user_tower.onnx"));
    expect(wrong(await w.look())).toEqual({ "previous model": expect.stringMatching(/user_tower.onnx/) });
  });

  test("[VF5] names the heads that the value formula weighs and the active version lacks", async () => {
    const w = await world();
    const ask = (text: string) =>
      w.look({ context: { home, env: { FUTAGO_VALUE: text }, databaseTarget: { directory: "" } } });
    const lacks = wrong(await ask("similarity=1,like=0.1,nope=-1"))["value formula"];
    expect(lacks).toMatch(`weighs like and nope, for which ${w.second} has no head: similarity ranks`);
    expect(lacks).toMatch("train with likeHeadWeight and nopeHeadWeight");
    expect(wrong(await ask("similarity=2"))).toEqual({});
    expect(wrong(await ask("likes=2"))["value formula"]).toMatch("Cannot rank by value");
  });

  test("embeds what is missing", async () => {
    const w = await world();
    const ids = [...(await w.vectors.itemHashes(w.second)).keys()].slice(0, 30);
    await w.vectors.removeItemVectors(w.second, ids);
    expect(wrong(await w.look())).toEqual({ vectors: expect.stringMatching(/^30 of 60 .*futago embed/) });
    expect(await mended(w)).toEqual(["embedded 30 items"]);
  });

  test("embeds anew where the partition was dropped", async () => {
    const w = await world();
    await w.vectors.dropPartition(w.second);
    expect(wrong(await w.look())["vectors"]).toMatch("has no partition");
    expect(await mended(w)).toEqual(["embedded 60 items"]);
    await sql`drop table ${sql.table(w.table)}`.execute(w.connection);
    expect(wrong(await w.look())["vectors"]).toMatch("its table was dropped");
    expect(await mended(w)).toEqual(["embedded 60 items"]);
  });

  test("removes vectors of a wrong length and embeds them again", async () => {
    const w = await world();
    const half = `[${Array.from({ length: 16 }, () => 0.5).join(",")}]`;
    await sql`update ${sql.table(w.table)} set embedding = ${half}::text::halfvec
      where video_id in ('v00', 'v01')`.execute(w.connection);
    expect(wrong(await w.look())).toEqual({ "vector lengths": expect.stringMatching(/^2 of 60/) });
    expect(await mended(w)).toEqual(["removed them, embedded 2 items"]);
  });

  test("builds an index that is missing", async () => {
    const w = await world();
    await sql`drop index ${sql.table(`${w.table}_hnsw`)}`.execute(w.connection);
    expect(wrong(await w.look())["indexes"]).toMatch(w.second);
    expect(await mended(w)).toEqual(["built 1"]);
  });

  test("drops partitions that belong to no version", async () => {
    const w = await world();
    await w.vectors.createPartition("left-over", 4);
    await w.vectors.createPartition("unlisted", 4);
    await w.connection.deleteFrom("embedding_partitions").where("model_version", "=", "unlisted").execute();
    expect(wrong(await w.look())["partitions"]).toMatch(/^3 of no registered version/);
    expect(await mended(w)).toEqual(["dropped 3"]);
  });

  test("runs migrations again where the schema was changed by hand", async () => {
    const w = await world();
    await sql`drop function seen_video_ids(text) cascade`.execute(w.connection);
    expect(wrong(await w.look())["schema"]).toMatch(/seen_video_ids/);
    expect(await mended(w)).toEqual(["ran every migration again"]);
  });

  test("closes a partition that was opened by hand", async () => {
    const w = await world();
    await sql`grant select on ${sql.table(w.table)} to public`.execute(w.connection);
    await sql`alter table ${sql.table(w.table)} disable row level security`.execute(w.connection);
    expect(wrong(await w.look())).toEqual({ schema: expect.stringMatching(`partition ${w.table}`) });
    expect(await mended(w)).toEqual(["ran every migration again, closed partitions: 1"]);
  });

  test("runs migrations that have not run, and names one that was changed", async () => {
    const w = await world();
    const row = await w.connection
      .selectFrom("futago_migrations")
      .selectAll()
      .orderBy("name", "desc")
      .executeTakeFirstOrThrow();
    await w.connection.deleteFrom("futago_migrations").where("name", "=", row.name).execute();
    expect(wrong(await w.look())).toEqual({ migrations: expect.stringMatching(`have not run: ${row.name}`) });
    expect(await mended(w)).toHaveLength(1);
    await sql`update futago_migrations set hash = 'another' where name = ${row.name}`.execute(w.connection);
    expect(wrong(await w.look({ fix: true }))).toEqual({
      migrations: expect.stringMatching(`${row.name} ran with another text`),
    });
  });

  test("names a clock that is wrong, a full disk, keys that cannot be fetched and a storage that is not there", async () => {
    const w = await world();
    const results = await w.look({
      clock: { now: () => Date.now() + 3_600_000 },
      freeBytes: async () => 1000,
      context: {
        home,
        env: { FUTAGO_JWKS_URL: "http://127.0.0.1:1/jwks.json" },
        databaseTarget: { directory: "" },
      },
      openModels: () => openModelStore("supabase", {}),
    });
    expect(Object.keys(wrong(results))).toEqual([
      "home",
      "auth",
      "clock",
      "storage",
      "model",
      "previous model",
    ]);
    expect(wrong(results)).toMatchObject({
      clock: expect.stringMatching(/^the database's is 3\d+ ms behind/),
      auth: expect.stringMatching("auth_unavailable"),
      storage: expect.stringMatching("SUPABASE_URL must be set"),
    });
  });

  test("names a bucket that is missing", async () => {
    const w = await world();
    const storage = await startFakeStorage();
    try {
      storage.buckets.clear();
      const env = { SUPABASE_URL: storage.url, SUPABASE_SECRET_KEY: storage.key };
      const results = await w.look({ openModels: () => openModelStore("supabase", env) });
      expect(wrong(results)["storage"]).toMatch(/bucket/i);
    } finally {
      await storage.close();
    }
  });
});

test("Node below 22.12 is too old", () => {
  expect(["20.19.0", "22.11.9", "22.12.0", "24.1.0"].map((version) => nodeVersion(version).ok)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

const server = process.env["DATABASE_URL"];

describe.skipIf(server === undefined)("futago doctor beside a Postgres that fails", () => {
  const name = `futago_doctor_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
  const own = (address: string): string => {
    const url = new URL(address);
    url.pathname = `/${name}`;
    return url.href;
  };
  const at = (url: string): Partial<ExamineOptions> => ({
    context: { home, env: {}, databaseTarget: { url } },
  });
  async function withOwnDatabase(run: (admin: Database) => Promise<void>): Promise<void> {
    const admin = await openDatabase({ url: server! }, { migrate: false, maxConnections: 1 });
    try {
      await sql`create database ${sql.id(name)}`.execute(admin.connection);
      await run(admin);
    } finally {
      await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin.connection);
      await admin.close();
    }
  }

  test("names one that is empty, mends it, and names one that is read-only, old or nearly full", () =>
    withOwnDatabase(async (admin) => {
      const url = own(server!);
      const empty = wrong(await doctor(at(url)));
      expect(empty).toMatchObject({
        pgvector: expect.stringMatching("is missing"),
        migrations: expect.stringMatching("have not run"),
      });
      expect(wrong(await doctor({ ...at(url), fix: true }))).toEqual({});
      expect(wrong(await doctor(at(url)))).toEqual({});

      const alter = (what: string) => sql.raw(`alter database ${name} ${what}`).execute(admin.connection);
      await alter("set default_transaction_read_only = on");
      expect(wrong(await doctor(at(url)))).toEqual({ writable: expect.stringMatching("read-only") });
      await alter("reset default_transaction_read_only");

      await alter("connection limit 1");
      expect(wrong(await doctor(at(url)))).toEqual({ connections: expect.stringMatching("1 of 1") });
      await alter("connection limit -1");

      const inside = await openDatabase({ url }, { maxConnections: 1 });
      const version = (to: string) =>
        sql`update pg_extension set extversion = ${to} where extname = 'vector'`.execute(inside.connection);
      await version("0.7.4");
      expect(wrong(await doctor(at(url)))).toEqual({ pgvector: expect.stringMatching(/^0\.7\.4/) });
      await version("0.8.2");
      await inside.close();
      expect(wrong(await doctor(at(url)))).toEqual({});
    }));

  test("names one that is not there, and one that is slow", async () => {
    const line = await breakableLine(server!);
    try {
      await line.slow(150);
      const slow = wrong(await doctor({ ...at(line.url), clock: Date }));
      expect(slow["database"]).toMatch(/takes \d+ ms/);
      await line.cut();
      const down = await doctor(at(line.url));
      expect(wrong(down)).toEqual({ database: expect.stringMatching(/ECONNREFUSED/) });
    } finally {
      await line.close();
    }
  });
});
