import { sql } from "kysely";
import { openDataFolder } from "../src/adapters/fs/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { type Dataset, readMovieLens } from "../src/catalogue/mod.ts";
import { encodeItems, historiesOf, movielensSchema } from "../src/features/mod.ts";
import { loadTowers, type Towers } from "../src/towers/mod.ts";
import { createTrainer } from "../src/training/mod.ts";
import type { Benchmark } from "./benchmark.ts";

/** What `npm run bench` says of it. */
export const about =
  "recall@100 of an HNSW index over the vectors of towers trained on MovieLens (--movielens DIR --epochs N --queries N)";

const version = "bench";
const limit = 100;

/** Needs DATABASE_URL; works in a schema of its own there, which is dropped at the end. */
export const run: Benchmark = async ({ args, log }) => {
  const url = process.env["DATABASE_URL"];
  if (url === undefined) throw new Error("Cannot measure an index as DATABASE_URL must name a Postgres");
  const given = (name: string, fallback: string): string =>
    args.includes(name) ? args[args.indexOf(name) + 1]! : fallback;
  const queries = Number(given("--queries", "300"));
  const dataset = await readMovieLens(openDataFolder(given("--movielens", "../shared/data/ml-1m")), {
    minItemEvents: 1,
  });
  const runtime = await createOrtRuntime();
  const trainer = createTrainer({ runtime, clock: Date });
  const training = { epochs: Number(given("--epochs", "12")) };
  const model = await trainer.fit(dataset, { schema: movielensSchema, training });
  log(`trained: NDCG@10 ${model.best.ndcg}, with the linear part ${model.linear?.ndcg}`);
  const towers = await loadTowers(runtime, model);
  const items = await towers.embedItems(dataset.items);
  const step = Math.max(1, Math.floor(dataset.people.length / queries));
  const people = Int32Array.from({ length: Math.min(queries, dataset.people.length) }, (_, i) => i * step);
  const viewers = await towers.embedUsers(
    historiesOf(dataset, people),
    encodeItems(model.features, dataset.items),
  );
  await towers.close();
  const recall = await searched({ url, dataset, towers, items, viewers });
  return {
    ...{ items: dataset.items.length, queries: people.length, dims: towers.dims, linear: model.linear },
    recall,
  };
};

/** Recall@100 by ef_search: the share of the hundred nearest by exact search that the index finds. */
async function searched(of: {
  readonly url: string;
  readonly dataset: Dataset;
  readonly towers: Pick<Towers, "dims">;
  readonly items: Float32Array;
  readonly viewers: Float32Array;
}): Promise<Readonly<Record<string, number>>> {
  const { url, dataset, towers, items, viewers } = of;
  const schema = `bench_trained_index_${process.pid}`;
  const database = await openDatabase({ url }, { schema, indexFromRows: 1, maxConnections: 1 });
  try {
    const ids = dataset.items.map(({ id }) => id);
    await database.catalogue.putItems(dataset.items);
    await database.vectors.createPartition(version, towers.dims);
    await database.vectors.putItemVectors(version, { ids, vectors: items, contentHashes: ids });
    await database.vectors.buildIndex(version);
    const ask = async (ef: number | null): Promise<string[][]> => {
      const found: string[][] = [];
      for (let at = 0; at < viewers.length; at += towers.dims) {
        const vector = `[${viewers.subarray(at, at + towers.dims).join(",")}]`;
        const { rows } = await sql<{ video_id: string }>`select video_id from nearest_videos(
          ${version}, ${vector}, ${limit}, p_ef_search => ${ef}::int)`.execute(database.connection);
        found.push(rows.map((row) => row.video_id));
      }
      return found;
    };
    // The same function takes the exact way where a partition has no index.
    await sql`update embedding_partitions set indexed = false`.execute(database.connection);
    const exact = await ask(null);
    await sql`update embedding_partitions set indexed = true`.execute(database.connection);
    const recall: Record<string, number> = {};
    for (const ef of [100, 200, 400]) {
      const hits = (await ask(ef)).map((row, q) => row.filter((id) => exact[q]!.includes(id)).length);
      recall[`ef ${ef}`] = hits.reduce((a, b) => a + b, 0) / (limit * hits.length);
    }
    return recall;
  } finally {
    await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(database.connection);
    await database.close();
  }
}
