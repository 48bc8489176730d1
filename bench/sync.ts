import { spawn } from "node:child_process";
import { once } from "node:events";
import { sql } from "kysely";
import { type Database, type DatabaseLocation, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import {
  type CatalogueSource,
  createDmmClient,
  createDmmSource,
  type DmmCredentials,
  type Item,
} from "../src/catalogue/mod.ts";
import { syncCatalogue } from "../src/sync/mod.ts";
import type { Benchmark } from "./benchmark.ts";
import { freshTowers } from "./embed.ts";

/** What `npm run bench` says of it. */
export const about =
  "a catalogue of 3 floors from an unlimited API: items/s beside storing and indexing alone, requests, memory (--items N)";

/** Uses DATABASE_URL where there is one, PGlite otherwise. The API answers from a process of its own. */
export const run: Benchmark = async ({ args, log }) => {
  const asked = args.indexOf("--items");
  const items = asked >= 0 ? Number(args[asked + 1]) : 30_000;
  const { DATABASE_URL: url } = process.env;
  const at: DatabaseLocation = url === undefined ? { memory: true } : { url };
  const api = await startApi(items);
  const towers = await freshTowers();
  try {
    const source = api.source();
    const synced = await inSchema(at, "sync", async (database) => {
      const { catalogue: store, sync: state, vectors } = database;
      const sync = async () => {
        const began = performance.now();
        const targets = [{ version: "v1", towers }];
        const done = await syncCatalogue({
          ...{ source, store, state, vectors, targets, clock: Date, mode: "full" },
        });
        return { ...done, seconds: since(began) };
      };
      const first = await sync();
      log(`synced in ${first.seconds.toFixed(1)} s`);
      const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
      const second = await sync();
      const { rows } = await sql<{ pages: number }>`select sum(ceil(n / 100.0))::int as pages from (
        select count(*) as n from sync_items group by split_part(video_id, ':', 3), split_part(video_id, ':', 4)) f`.execute(
        database.connection,
      );
      return { first, second, peakMb, fewest: rows[0]!.pages, kind: database.kind };
    });
    const stored = await inSchema(at, "store", async ({ catalogue, vectors }) => {
      const all = await readAll(source);
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
    const { first, second, peakMb, fewest } = synced;
    return {
      items: stored.items,
      database: synced.kind,
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
      peakMb,
    };
  } finally {
    await towers.close();
    api.close();
  }
};

async function startApi(items: number): Promise<{ source(): CatalogueSource; close(): void }> {
  const script = `
    import { startFakeDmm } from "./tests/fake-dmm/mod.ts";
    const { url, credentials, floors } = await startFakeDmm({ items: ${items} });
    console.log(JSON.stringify({ url, credentials, floors }));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { url, credentials, floors } = JSON.parse(line.toString()) as {
    url: string;
    credentials: DmmCredentials;
    floors: string[];
  };
  const client = createDmmClient({
    credentials,
    fetch,
    clock: Date,
    random: createRandom(1),
    sleep: async () => {},
    baseUrl: url,
    limits: { intervalMs: 0, dailyRequests: 1_000_000 },
  });
  return { source: () => createDmmSource(client, { floors }), close: () => child.kill() };
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
  name: string,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const schema = `bench_sync_${name}_${process.pid}`;
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
