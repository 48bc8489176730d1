import { Worker } from "node:worker_threads";
import { startServer } from "../src/adapters/node-server/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createMemoryBlobStore } from "../src/base/mod.ts";
import { buildDataset, generateDemo, type Item } from "../src/catalogue/mod.ts";
import { embedCatalogue } from "../src/embeddings/mod.ts";
import { videoSchema } from "../src/features/mod.ts";
import { createInferenceEngine } from "../src/recommend/mod.ts";
import { createDeployer, type LoadedModel } from "../src/registry/mod.ts";
import { createService } from "../src/service/mod.ts";
import { createTrainer, type TrainedModel } from "../src/training/mod.ts";
import type { Benchmark, BenchmarkOptions } from "./benchmark.ts";

/** What `npm run bench` says of it. */
export const about =
  "recommendations over HTTP at 3,000 and 50,000 videos: p50/p95/p99, req/s, recall@100 (--videos N,N)";

const path = "/functions/v1/two_tower_recommendations";

/** Needs DATABASE_URL for its real size; without, PGlite with 3,000 videos. */
export const run: Benchmark = async (options) => {
  const url = process.env["DATABASE_URL"];
  const asked = option(options, "--videos")?.split(",").map(Number);
  const sizes = asked ?? (url === undefined ? [3000] : [3000, 50_000]);
  const epochs = Number(option(options, "--epochs") ?? 6);
  const model = await trainStandard(epochs, options.log);
  const results = [];
  for (const videos of sizes) {
    const schema = `bench_recommend_${process.pid}`;
    const database = await openDatabase(url === undefined ? { memory: true } : { url }, { schema });
    try {
      results.push(await measure({ database, model, videos, log: options.log }));
    } finally {
      if (url !== undefined) await dropSchema(database, schema);
      await database.close();
    }
  }
  const largest = results.at(-1)!;
  return { ...largest, sizes: results };
};

/** A real model, if briefly trained: vectors of random towers are no test of an index. */
async function trainStandard(epochs: number, log: BenchmarkOptions["log"]): Promise<TrainedModel> {
  const { dataset } = buildDataset(generateDemo());
  const trainer = createTrainer({ runtime: await createOrtRuntime(), clock: Date });
  const model = await trainer.fit(dataset, { schema: videoSchema, training: { epochs } });
  log(`trained standard towers for ${epochs} epochs in ${model.seconds?.toFixed(0)} s`);
  return model;
}

/** The demo's videos, and further ones that nobody has seen yet, known by their content alone. */
function catalogueOf(videos: number): Item[] {
  const { items } = generateDemo();
  const more = Math.max(0, videos - items.length);
  const further = more === 0 ? [] : generateDemo({ seed: 2, items: more, people: 1 }).items;
  return [...items.slice(0, videos), ...further.map((item) => ({ ...item, id: `further-${item.id}` }))];
}

async function measure(work: {
  readonly database: Database;
  readonly model: TrainedModel;
  readonly videos: number;
  readonly log: BenchmarkOptions["log"];
}): Promise<Readonly<Record<string, unknown>>> {
  const { database, model, videos, log } = work;
  const { catalogue: store, vectors, versions } = database;
  const items = catalogueOf(videos);
  const { people, events } = generateDemo();
  for (let i = 0; i < items.length; i += 5000) await store.putItems(items.slice(i, i + 5000));
  await store.putPeople(people);
  for (let i = 0; i < events.length; i += 5000) await store.putEvents(events.slice(i, i + 5000));
  log(`${videos} videos, ${people.length} viewers and ${events.length} events stored`);

  const blobs = createMemoryBlobStore();
  const runtime = await createOrtRuntime();
  const { dataset } = buildDataset({ items, people, events });
  let embedSeconds = 0;
  const prepare = async ({ towers, version }: LoadedModel): Promise<void> => {
    const began = performance.now();
    await embedCatalogue({ towers, version, store, vectors });
    embedSeconds = (performance.now() - began) / 1000;
  };
  const deployer = createDeployer({ blobs, versions, runtime, clock: Date, prepare });
  const { version, dims } = await deployer.register(model, { dataset });
  await deployer.promote(version);
  log(`embedded, stored and indexed in ${embedSeconds.toFixed(1)} s`);

  const deps = {
    store,
    vectors,
    versions,
    blobs,
    runtime: await createOrtRuntime({ threads: 1 }),
    clock: Date,
  };
  const engine = createInferenceEngine(deps);
  const service = createService({ engine, store, clock: Date, ping: () => database.ping() });
  const server = await startServer(service, { port: 0, host: "127.0.0.1", keyed: false });
  try {
    const viewers = people.filter((person) => person.ageConfirmedAt !== undefined).map((person) => person.id);
    const bodies = (count: number): string[] =>
      Array.from({ length: count }, (_, i) =>
        JSON.stringify({ user_id: viewers[(i * 7) % viewers.length], limit: 20 }),
      );
    await ask(server.url + path, bodies(100), 1);
    const one = await ask(server.url + path, bodies(600), 1);
    const eight = await ask(server.url + path, bodies(1200), 8);
    const recallAt100 = await measureRecall(work, { items, version, viewers: viewers.slice(0, 100) });
    const like = await measureLikes(server.url, viewers.slice(100, 150));
    return {
      videos,
      dims,
      database: database.kind,
      p50: quantile(one.milliseconds, 0.5),
      p95: quantile(one.milliseconds, 0.95),
      p99: quantile(one.milliseconds, 0.99),
      requestsPerSecond: Math.round(one.milliseconds.length / one.seconds),
      eightClients: {
        p50: quantile(eight.milliseconds, 0.5),
        p99: quantile(eight.milliseconds, 0.99),
        requestsPerSecond: Math.round(eight.milliseconds.length / eight.seconds),
      },
      recallAt100,
      likeToChangedAnswer: like,
      embedSeconds: Math.round(embedSeconds * 10) / 10,
    };
  } finally {
    await server.close();
    await engine.close();
  }
}

/** Shares of the exact first 100 (32-bit vectors, in memory) that the store finds. */
async function measureRecall(
  work: { readonly database: Database; readonly model: TrainedModel },
  asked: { readonly items: readonly Item[]; readonly version: string; readonly viewers: readonly string[] },
): Promise<number> {
  const { loadTowers } = await import("../src/towers/mod.ts");
  const { catalogue, vectors } = work.database;
  const towers = await loadTowers(await createOrtRuntime(), work.model);
  const { dims } = towers;
  const itemVectors = await towers.embedItems(asked.items);
  let found = 0;
  let wanted = 0;
  for (const viewer of asked.viewers) {
    const history = (await catalogue.history(viewer, { limit: 100_000 }))!;
    const vector = await towers.embedHistories([history], { asOf: Date.now() });
    const seen = new Set(history.events.map((event) => event.itemId));
    const exact = asked.items
      .map((item, i) => ({
        id: item.id,
        score: product(itemVectors.subarray(i * dims, (i + 1) * dims), vector),
      }))
      .filter(({ id }) => !seen.has(id))
      .sort((a, b) => b.score - a.score)
      .slice(0, 100);
    const near = await vectors.nearest({ version: asked.version, vector, limit: 100, personId: viewer });
    const ids = new Set(near.map(({ itemId }) => itemId));
    wanted += exact.length;
    found += exact.filter(({ id }) => ids.has(id)).length;
  }
  await towers.close();
  return Math.round((found / wanted) * 1e4) / 1e4;
}

/** From sending a like to holding the changed answer, over HTTP. */
async function measureLikes(
  url: string,
  viewers: readonly string[],
): Promise<{ p50: number; p99: number; changed: number }> {
  const milliseconds: number[] = [];
  let changed = 0;
  for (const user_id of viewers) {
    const before = await post(url + path, { user_id, limit: 20 });
    const video_id = before.recommendations![0]!.video_id;
    const began = performance.now();
    await post(`${url}/functions/v1/events`, { events: [{ user_id, video_id, kind: "like" }] });
    const after = await post(url + path, { user_id, limit: 20 });
    milliseconds.push(performance.now() - began);
    const gone = after.recommendations!.every((row) => row.video_id !== video_id);
    if (gone && JSON.stringify(after.recommendations) !== JSON.stringify(before.recommendations)) changed++;
  }
  return {
    p50: quantile(milliseconds, 0.5),
    p99: quantile(milliseconds, 0.99),
    changed: changed / viewers.length,
  };
}

interface Answered {
  readonly recommendations?: readonly { readonly video_id: string }[];
}

async function post(url: string, body: unknown): Promise<Answered> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`Answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answered;
}

function ask(
  url: string,
  bodies: readonly string[],
  clients: number,
): Promise<{ readonly milliseconds: readonly number[]; readonly seconds: number }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./http-client.ts", import.meta.url), {
      workerData: { url, bodies, clients },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN) * 100) / 100
  );
}

function option({ args }: BenchmarkOptions, name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

async function dropSchema(database: Database, schema: string): Promise<void> {
  const { sql } = await import("kysely");
  await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(database.connection);
}
