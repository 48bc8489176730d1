import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { createOrtRuntime } from "../../src/adapters/ort-node/mod.ts";
import { openDatabase } from "../../src/adapters/postgres/mod.ts";
import { type BlobStore, createMemoryBlobStore, createRandom } from "../../src/base/mod.ts";
import { buildDataset, type Dataset, generateDemo } from "../../src/catalogue/mod.ts";
import { embedCatalogue, embedPeople } from "../../src/embeddings/mod.ts";
import { fitFeatures, videoSchema } from "../../src/features/mod.ts";
import { createDeployer, type DeployableModel } from "../../src/registry/mod.ts";
import {
  exportTower,
  initialWeights,
  linearTables,
  resolveTowerConfig,
  type TowerPreset,
  towerParameters,
} from "../../src/towers/mod.ts";

/** A database and a storage as functions find them in production, on this machine. */
export interface EdgeWorld {
  readonly databaseUrl: URL;
  readonly storagePort: number;
  /** Viewers without a stored vector: whoever recommends to them computes it. */
  readonly userIds: readonly string[];
  /** Viewers who have done nothing since their vector was stored. */
  readonly storedUserIds: readonly string[];
  /** Viewers who liked something since. */
  readonly likedUserIds: readonly string[];
  readonly videoIds: readonly string[];
  readonly model: DeployableModel;
  /** Bytes of each file of the bundle. */
  readonly bundle: Readonly<Record<string, number>>;
  /** Takes back the vectors that functions have stored of `userIds`. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Fills a database of its own with the demo catalogue, and deploys a model as training begins it: what it costs to
 * run does not depend on what it learned.
 *
 * @param url A Postgres whose user may create databases.
 * @param preset `standard` has 768 dimensions, `lite` 64.
 * @returns The world.
 */
export async function makeEdgeWorld(url: string, preset: TowerPreset): Promise<EdgeWorld> {
  const name = `futago_bench_edge_${process.pid}`;
  const admin = await openDatabase({ url }, { migrate: false, maxConnections: 1 });
  await sql`create database ${sql.id(name)}`.execute(admin.connection);
  const databaseUrl = new URL(url);
  databaseUrl.pathname = `/${name}`;
  const database = await openDatabase({ url: databaseUrl.href });
  const { catalogue: store, vectors, versions } = database;
  const { items, people, events } = generateDemo();
  await store.putItems(items);
  await store.putPeople(people);
  for (let i = 0; i < events.length; i += 5000) await store.putEvents(events.slice(i, i + 5000));
  const { dataset } = buildDataset({ items, people, events });
  const model = freshModel(dataset, preset);
  const blobs = createMemoryBlobStore();
  const deployer = createDeployer({
    blobs: createMemoryBlobStore(),
    published: blobs,
    versions,
    runtime: await createOrtRuntime(),
    clock: Date,
    prepare: async ({ towers, version }) => {
      await embedCatalogue({ towers, version, store, vectors });
      await embedPeople({ towers, version, store, vectors, asOf: Date.now() });
    },
  });
  const { version } = await deployer.register(model, { dataset });
  await deployer.promote(version);
  const adults = people.filter((person) => person.ageConfirmedAt !== undefined).map(({ id }) => id);
  const third = Math.floor(adults.length / 3);
  const userIds = adults.slice(0, third);
  const likedUserIds = adults.slice(2 * third);
  await store.putEvents(
    likedUserIds.map((personId, i) => ({ personId, itemId: items[i]!.id, kind: "like", at: Date.now() })),
  );
  const forget = async (): Promise<void> => {
    await sql`delete from user_embeddings where user_id = any (${userIds}::text[])`.execute(
      database.connection,
    );
  };
  const storage = await serveBlobs(blobs);
  return {
    databaseUrl,
    storagePort: storage.port,
    userIds,
    storedUserIds: adults.slice(third, 2 * third),
    likedUserIds,
    videoIds: items.map(({ id }) => id),
    model,
    bundle: await sizes(blobs),
    forget,
    close: async () => {
      await database.close();
      await storage.close();
      await sql`drop database ${sql.id(name)} with (force)`.execute(admin.connection);
      await admin.close();
    },
  };
}

function freshModel(dataset: Dataset, preset: TowerPreset): DeployableModel {
  const features = fitFeatures(videoSchema, dataset);
  const towerConfig = resolveTowerConfig({ preset });
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const parameters = towerParameters(towerConfig, layouts);
  const weights = initialWeights(towerConfig, { parameters, random: createRandom(1) });
  // Found in closed form after training; without likes they are above 0.
  for (const name of [linearTables.evidence, linearTables.reach, linearTables.doubt]) weights[name]?.fill(1);
  const tower = (side: "user" | "item") => exportTower(side, { config: towerConfig, layouts, weights });
  return { features, towerConfig, trainingConfig: {}, userOnnx: tower("user"), itemOnnx: tower("item") };
}

// Reads only: how a storage is written to is no matter of a cold boot.
async function serveBlobs(blobs: BlobStore): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const path = /^\/storage\/v1\/object\/(?:authenticated\/)?[^/]+\/(.+)$/.exec(request.url ?? "")?.[1];
    const bytes = path === undefined ? undefined : await blobs.read(decodeURIComponent(path));
    // As Supabase says it.
    const missing = JSON.stringify({ statusCode: "404", error: "not_found", message: "Object not found" });
    const body = bytes ?? new TextEncoder().encode(missing);
    response.writeHead(bytes === undefined ? 400 : 200, { "content-length": body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function sizes(blobs: BlobStore): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const path of await blobs.list("models/")) {
    found[path.split("/").at(-1)!] = (await blobs.read(path))!.length;
  }
  return found;
}
