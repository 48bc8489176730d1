import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type Database, type DatabaseLocation, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { type CatalogueSource, createDmmClient, createDmmSource, type Item } from "../src/catalogue/mod.ts";
import { createDeployer, createMemoryVersionStore } from "../src/registry/mod.ts";
import { loadTowers } from "../src/towers/mod.ts";
import type { Benchmark } from "./benchmark.ts";
import { freshModel } from "./embed.ts";
import type { SyncWorkerResult, SyncWorkerTask, WorkedSync } from "./sync-worker.ts";

/** What `npm run bench` says of it. */
export const about =
  "a catalogue of 3 floors from an unlimited API: items/s beside storing and indexing alone, requests, memory (--items N)";

/** Uses DATABASE_URL where there is one, PGlite otherwise. The API and the sync have a process each. */
export const run: Benchmark = async ({ args, log }) => {
  const asked = args.indexOf("--items");
  const items = asked >= 0 ? Number(args[asked + 1]) : 30_000;
  const { DATABASE_URL: url } = process.env;
  const at: DatabaseLocation = url === undefined ? { memory: true } : { url };
  const home = await mkdtemp(join(tmpdir(), "futago-bench-sync-"));
  const api = await startApi(items);
  const { model, dataset } = freshModel();
  const runtime = await createOrtRuntime();
  const towers = await loadTowers(runtime, model);
  try {
    const versions = createMemoryVersionStore();
    const deployer = createDeployer({ blobs: createFileBlobStore(home), versions, runtime, clock: Date });
    const { version } = await deployer.register(model, { dataset });
    const schema = `bench_sync_${process.pid}`;
    const { syncs, fewest } = await work({ at, schema, api: api.at, home, version });
    const [first, second] = syncs as [WorkedSync, WorkedSync];
    log(`synced in ${first.seconds.toFixed(1)} s`);
    const stored = await inSchema(at, `bench_store_${process.pid}`, async ({ catalogue, vectors }) => {
      const all = await readAll(api.source());
      const parts: { items: readonly Item[]; vectors: Float32Array }[] = [];
      for (let i = 0; i < all.length; i += 1000) {
        const part = all.slice(i, i + 1000);
        parts.push({ items: part, vectors: await towers.embedItems(part) });
      }
      log("read and embedded");
      await vectors.createPartition("v1", towers.dims);
      const began = performance.now();
      for (const part of parts) await catalogue.putItems(part.items);
      const itemSeconds = since(began);
      for (const part of parts) {
        const ids = part.items.map(({ id }) => id);
        await vectors.putItemVectors("v1", { ids, vectors: part.vectors, contentHashes: ids });
      }
      await vectors.buildIndex("v1");
      return { items: all.length, itemSeconds, seconds: since(began) };
    });
    log(
      `stored alone in ${stored.seconds.toFixed(1)} s, ${stored.itemSeconds.toFixed(1)} s of it without vectors`,
    );
    return {
      items: stored.items,
      database: url === undefined ? "pglite" : "postgres",
      dims: towers.dims,
      itemsStoredPerSecond: Math.round(stored.items / stored.itemSeconds),
      storedWithVectorsPerSecond: Math.round(stored.items / stored.seconds),
      syncedPerSecond: Math.round(first.rows / first.seconds),
      ofStoringAlone: hundredths(stored.seconds / first.seconds),
      embedded: first.embedded,
      requests: first.pages,
      ofTheFewest: hundredths(first.pages / fewest),
      nothingChangedSeconds: hundredths(second.seconds),
      nothingChangedEmbedded: second.embedded,
      peakMb: first.peakMb,
    };
  } finally {
    await towers.close();
    api.close();
    await rm(home, { recursive: true, force: true });
  }
};

async function work(task: SyncWorkerTask): Promise<SyncWorkerResult> {
  const child = spawn(process.execPath, ["bench/sync-worker.ts", JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`The sync ended with ${code}`);
  return JSON.parse(said) as SyncWorkerResult;
}

async function startApi(
  items: number,
): Promise<{ readonly at: SyncWorkerTask["api"]; source(): CatalogueSource; close(): void }> {
  const script = `
    import { startFakeDmm } from "./tests/fake-dmm/mod.ts";
    const { url, credentials, floors } = await startFakeDmm({ items: ${items} });
    console.log(JSON.stringify({ url, credentials, floors }));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const at = JSON.parse(line.toString()) as SyncWorkerTask["api"];
  const { url, credentials, floors } = at;
  const client = createDmmClient({
    credentials,
    fetch,
    clock: Date,
    random: createRandom(1),
    sleep: async () => {},
    baseUrl: url,
    limits: { intervalMs: 0, dailyRequests: 1_000_000 },
  });
  return { at, source: () => createDmmSource(client, { floors }), close: () => child.kill() };
}

async function readAll(source: CatalogueSource): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  const windows = (await source.partitions()).map(({ id, from, to }) => ({ partition: id, from, to }));
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    for (let offset = 0, total = 1; offset < total; offset += source.limits.pageSize) {
      const page = await source.page(window, { offset });
      if (page.total > source.limits.maxWindowRows) {
        const middle = Math.floor((window.from + window.to) / 2000) * 1000;
        windows.push({ ...window, to: middle }, { ...window, from: middle });
        break;
      }
      total = page.total;
      for (const item of page.items) found.set(item.id, item);
    }
  }
  return [...found.values()];
}

async function inSchema<Result>(
  at: DatabaseLocation,
  schema: string,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(at, { schema });
  try {
    return await work(database);
  } finally {
    await sql`drop schema ${sql.id(schema)} cascade`.execute(database.connection);
    await database.close();
  }
}

function since(began: number): number {
  return (performance.now() - began) / 1000;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
