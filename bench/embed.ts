import { sql } from "kysely";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import {
  buildDataset,
  type CatalogueStore,
  type Dataset,
  generateDemo,
  type Item,
} from "../src/catalogue/mod.ts";
import { embedCatalogue, embedPeople, type VectorStore } from "../src/embeddings/mod.ts";
import { fitFeatures, videoSchema } from "../src/features/mod.ts";
import type { DeployableModel } from "../src/registry/mod.ts";
import {
  exportTower,
  initialWeights,
  loadTowers,
  resolveTowerConfig,
  type Towers,
  towerParameters,
} from "../src/towers/mod.ts";
import type { Benchmark } from "./benchmark.ts";

/** What `npm run bench` says of it. */
export const about = "videos/s computed, stored, and indexed at 50,000 × 768; viewers/s (--videos N)";

/** Needs DATABASE_URL for its real size; without, PGlite with 5,000 videos. */
export const run: Benchmark = async ({ args, log }) => {
  const url = process.env["DATABASE_URL"];
  const asked = args.indexOf("--videos");
  const videos = asked >= 0 ? Number(args[asked + 1]) : url === undefined ? 5000 : 50_000;
  const { people, events, items: demo } = generateDemo();
  const further = generateDemo({ seed: 2, items: Math.max(1, videos - demo.length), people: 1 }).items;
  const items = [...demo, ...further.map((item) => ({ ...item, id: `further-${item.id}` }))].slice(0, videos);
  const towers = await freshTowers();
  const database = await openDatabase(url === undefined ? { memory: true } : { url }, {
    schema: `bench_embed_${process.pid}`,
  });
  try {
    const { catalogue: store, vectors } = database;
    for (let i = 0; i < items.length; i += 5000) await store.putItems(items.slice(i, i + 5000));
    await store.putPeople(people);
    for (let i = 0; i < events.length; i += 5000) await store.putEvents(events.slice(i, i + 5000));
    log(`${items.length} videos, ${people.length} viewers and ${events.length} events in the database`);

    const computed = await computeAll(towers, items);
    log(`computed in ${computed.seconds.toFixed(1)} s`);
    const stored = await storeAll(vectors, { items, dims: towers.dims, vectors: computed.vectors });
    log(`stored in ${stored.storeSeconds.toFixed(1)} s, indexed in ${stored.indexSeconds.toFixed(1)} s`);
    const whole = await embedAll(towers, { store, vectors });
    return {
      videos: items.length,
      dims: towers.dims,
      database: database.kind,
      computedPerSecond: Math.round(items.length / computed.seconds),
      storedPerSecond: Math.round(items.length / stored.storeSeconds),
      storeSeconds: tenths(stored.storeSeconds),
      indexed: stored.indexed,
      indexSeconds: tenths(stored.indexSeconds),
      ...whole,
      viewersPerSecond: Math.round(people.length / whole.viewersSeconds),
      rssMb: Math.round(process.memoryUsage.rss() / 1e6),
    };
  } finally {
    await dropSchema(database);
    await database.close();
    await towers.close();
  }
};

/** Standard towers as training begins them: what they cost does not depend on what they learned. */
export async function freshTowers(): Promise<Towers> {
  return loadTowers(await createOrtRuntime(), freshModel().model);
}

/** The same as a model that can be registered, and the data its features were fitted to. */
export function freshModel(): { readonly model: DeployableModel; readonly dataset: Dataset } {
  const { dataset } = buildDataset(generateDemo());
  const features = fitFeatures(videoSchema, dataset);
  const towerConfig = resolveTowerConfig({ preset: "standard" });
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const parameters = towerParameters(towerConfig, layouts);
  const weights = initialWeights(towerConfig, { parameters, random: createRandom(1) });
  const model = {
    userOnnx: exportTower("user", { config: towerConfig, layouts, weights }),
    itemOnnx: exportTower("item", { config: towerConfig, layouts, weights }),
    ...{ features, towerConfig, trainingConfig: {} },
  };
  return { model, dataset };
}

async function computeAll(towers: Towers, items: readonly Item[]) {
  const vectors = new Float32Array(items.length * towers.dims);
  await towers.embedItems(items.slice(0, 1000));
  const began = performance.now();
  for (let i = 0; i < items.length; i += 1000) {
    vectors.set(await towers.embedItems(items.slice(i, i + 1000)), i * towers.dims);
  }
  return { vectors, seconds: since(began) };
}

async function storeAll(
  store: VectorStore,
  batch: { readonly items: readonly Item[]; readonly dims: number; readonly vectors: Float32Array },
) {
  const { items, dims, vectors } = batch;
  await store.createPartition("stored", dims);
  const ids = items.map((item) => item.id);
  const began = performance.now();
  for (let i = 0; i < ids.length; i += 1000) {
    const end = Math.min(ids.length, i + 1000);
    await store.putItemVectors("stored", {
      ids: ids.slice(i, end),
      vectors: vectors.subarray(i * dims, end * dims),
      contentHashes: ids.slice(i, end),
    });
  }
  const storeSeconds = since(began);
  const indexing = performance.now();
  const { indexed } = await store.buildIndex("stored");
  const indexSeconds = since(indexing);
  await store.dropPartition("stored");
  return { storeSeconds, indexed, indexSeconds };
}

/** What `futago embed` does: read, encode, store, index; then again with nothing to do. */
async function embedAll(
  towers: Towers,
  stores: { readonly store: CatalogueStore; readonly vectors: VectorStore },
) {
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work();
    return tenths(since(began));
  };
  const options = { ...stores, towers, version: "whole" };
  return {
    embedStoreIndexSeconds: await timed(() => embedCatalogue(options)),
    nothingChangedSeconds: await timed(() => embedCatalogue(options)),
    viewersSeconds: await timed(() => embedPeople({ ...options, asOf: Date.now() })),
  };
}

function since(began: number): number {
  return (performance.now() - began) / 1000;
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

async function dropSchema(database: Database): Promise<void> {
  await sql`drop schema if exists ${sql.id(`bench_embed_${process.pid}`)} cascade`.execute(
    database.connection,
  );
}
