import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type DatabaseLocation, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { createDmmClient, createDmmSource, type DmmCredentials } from "../src/catalogue/mod.ts";
import { loadItemModel } from "../src/registry/mod.ts";
import { syncCatalogue } from "../src/sync/mod.ts";

/** What the process is told, as JSON. */
export interface SyncWorkerTask {
  readonly at: DatabaseLocation;
  readonly schema: string;
  readonly api: {
    readonly url: string;
    readonly credentials: DmmCredentials;
    readonly floors: readonly string[];
  };
  /** Where the model lies. */
  readonly home: string;
  readonly version: string;
}

/** What it says of each of two syncs. */
export interface WorkedSync {
  readonly seconds: number;
  readonly rows: number;
  readonly pages: number;
  readonly embedded: number;
  /** The most memory of the process so far, model and all. */
  readonly peakMb: number;
}

/** What it prints, as JSON. */
export interface SyncWorkerResult {
  readonly syncs: readonly WorkedSync[];
  /** Pages that all rows fill, floor by floor. */
  readonly fewest: number;
}

// Syncs twice in a process of its own, so that its memory is what a sync takes and nothing else.
const { at, schema, api, home, version } = JSON.parse(process.argv[2]!) as SyncWorkerTask;
const database = await openDatabase(at, { schema });
try {
  const blobs = createFileBlobStore(home);
  const model = await loadItemModel({ runtime: await createOrtRuntime(), blobs }, version);
  const client = createDmmClient({
    credentials: api.credentials,
    fetch,
    clock: Date,
    random: createRandom(1),
    sleep: (ms) => setTimeout(ms),
    baseUrl: api.url,
    limits: { intervalMs: 0, dailyRequests: 1_000_000 },
  });
  const source = createDmmSource(client, { floors: api.floors });
  const { catalogue: store, sync: state, vectors } = database;
  const syncs: WorkedSync[] = [];
  for (let run = 0; run < 2; run++) {
    const began = performance.now();
    const { rows, pages, embedded } = await syncCatalogue({
      ...{ source, store, state, vectors, targets: [model], clock: Date, mode: "full" },
    });
    const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
    syncs.push({ seconds: (performance.now() - began) / 1000, rows, pages, embedded, peakMb });
  }
  const { rows } = await sql<{ pages: number }>`select sum(ceil(n / 100.0))::int as pages from (
    select count(*) as n from sync_items group by split_part(video_id, ':', 3), split_part(video_id, ':', 4)) f`.execute(
    database.connection,
  );
  console.log(JSON.stringify({ syncs, fewest: rows[0]!.pages } satisfies SyncWorkerResult));
  await model.close();
} finally {
  await sql`drop schema ${sql.id(schema)} cascade`.execute(database.connection);
  await database.close();
}
