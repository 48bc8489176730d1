import { sql } from "kysely";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import type { ItemFilter } from "../src/embeddings/mod.ts";
import type { Benchmark, BenchmarkOptions } from "./benchmark.ts";
import { createSyntheticCatalogue, type SyntheticCatalogue } from "./synthetic-catalogue.ts";

/** What `npm run bench` says of it. */
export const about =
  "search in Postgres: build, bytes, p50/p99, recall@100, filters, take-downs (--videos N --dims N --queries N --withdrawn N)";

const version = "bench";
const limit = 100;
const shares = [0.5, 0.05, 0.005];
// Rows at once: bounds what is held in memory, whatever the size of the catalogue.
const rowsAtOnce = 2000;

/** Needs DATABASE_URL; works in a schema of its own there, which is dropped at the end. */
export const run: Benchmark = async (options) => {
  const url = process.env["DATABASE_URL"];
  if (url === undefined) throw new Error("Cannot measure retrieval as DATABASE_URL must name a Postgres");
  const videos = number(options, "--videos", 50_000);
  const dims = number(options, "--dims", 768);
  const queries = number(options, "--queries", 200);
  const withdrawn = number(options, "--withdrawn", Math.min(100_000, Math.floor(videos / 5)));
  const catalogue = createSyntheticCatalogue({ videos, dims, shares });
  const schema = `bench_retrieval_${process.pid}`;
  const database = await openDatabase({ url }, { schema, indexFromRows: 1, maxConnections: 1 });
  const removed = () => sql`drop schema if exists ${sql.id(schema)} cascade`.execute(database.connection);
  // Hundreds of megabytes should not stay behind because somebody grew impatient.
  const interrupted = () => void removed().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  try {
    const loaded = await load({ database, catalogue, videos, dims, log: options.log });
    const measured = await measure({ database, catalogue, queries, withdrawn, log: options.log });
    const { rows } = await sql<{ postgres: string; pgvector: string; shared_buffers: string }>`
      select split_part(version(), ' ', 2) as postgres, current_setting('shared_buffers') as shared_buffers,
        (select extversion from pg_extension where extname = 'vector') as pgvector`.execute(
      database.connection,
    );
    const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
    return { videos, dims, queries, vectors: catalogue.about, ...rows[0], ...loaded, ...measured, peakRssMb };
  } finally {
    process.off("SIGINT", interrupted);
    await removed();
    await database.close();
  }
};

async function load(work: {
  readonly database: Database;
  readonly catalogue: SyntheticCatalogue;
  readonly videos: number;
  readonly dims: number;
  readonly log: BenchmarkOptions["log"];
}) {
  const { database, catalogue, videos, dims, log } = work;
  const { connection, vectors } = database;
  await vectors.createPartition(version, dims);
  const seconds = { items: 0, vectors: 0 };
  const timed = async (name: keyof typeof seconds, task: () => Promise<unknown>): Promise<void> => {
    const began = performance.now();
    await task();
    seconds[name] += (performance.now() - began) / 1000;
  };
  for (let from = 0; from < videos; from += rowsAtOnce) {
    const { items, vectors: rows } = catalogue.take(from, Math.min(videos, from + rowsAtOnce));
    const ids = items.map(({ id }) => id);
    await timed("items", () => database.catalogue.putItems(items));
    await timed("vectors", () => vectors.putItemVectors(version, { ids, vectors: rows, contentHashes: ids }));
    if (from % 50_000 === 0 && from > 0) log(`  ${from} videos loaded`);
  }
  // So that no query of the exact measurement pays for what loading left undone.
  await sql`vacuum analyze videos, video_popularity, video_performers, performers, video_embeddings`.execute(
    connection,
  );
  const began = performance.now();
  await vectors.buildIndex(version);
  const buildIndexSeconds = round((performance.now() - began) / 1000);
  const { rows } = await sql<{ name: string; table: number; index: number; other: number }>`
    select c.relname as name, pg_table_size(c.oid)::float8 as "table",
      coalesce((select sum(pg_relation_size(i.indexrelid)) from pg_index i join pg_class h on h.oid = i.indexrelid
        join pg_am a on a.oid = h.relam where i.indrelid = c.oid and a.amname = 'hnsw'), 0)::float8 as index,
      pg_indexes_size(c.oid)::float8 as other
    from pg_class c where c.oid in ((select videos_table::regclass from embedding_partitions), 'videos'::regclass)
    `.execute(connection);
  const embeddings = rows.find(({ name }) => name !== "videos")!;
  const items = rows.find(({ name }) => name === "videos")!;
  const loaded = {
    loadSeconds: { items: round(seconds.items), vectors: round(seconds.vectors) },
    buildIndexSeconds,
    bytes: {
      vectorTable: embeddings.table,
      vectorIndex: embeddings.index,
      vectorKey: embeddings.other - embeddings.index,
      videos: items.table + items.other,
    },
  };
  log(`loaded and indexed: ${JSON.stringify(loaded)}`);
  return loaded;
}

interface Asked {
  readonly filter?: ItemFilter;
  readonly ef?: number;
}

async function measure(work: {
  readonly database: Database;
  readonly catalogue: SyntheticCatalogue;
  readonly queries: number;
  readonly withdrawn: number;
  readonly log: BenchmarkOptions["log"];
}) {
  const { database, catalogue, queries, withdrawn, log } = work;
  const { connection } = database;
  const viewers = Array.from(
    { length: queries },
    (_, q) => `[${[...catalogue.viewer(q)].map((x) => x.toPrecision(4)).join(",")}]`,
  );

  const ask = async ({ filter = {}, ef }: Asked = {}) => {
    const found: string[][] = [];
    const milliseconds: number[] = [];
    for (const vector of viewers) {
      const began = performance.now();
      const { rows } = await sql<{ video_id: string }>`select video_id, score from nearest_videos(
        ${version}, ${vector}, ${limit}, null, '{}', ${JSON.stringify(filter)}::text::jsonb, ${ef ?? null}::int)`.execute(
        connection,
      );
      milliseconds.push(performance.now() - began);
      found.push(rows.map((row) => row.video_id));
    }
    return { found, times: { p50: quantile(milliseconds, 0.5), p99: quantile(milliseconds, 0.99) } };
  };
  // The same function takes the exact way where a partition has no index.
  const askExactly = async (asked: Asked = {}) => {
    await sql`update embedding_partitions set indexed = false`.execute(connection);
    const answer = await ask(asked);
    await sql`update embedding_partitions set indexed = true`.execute(connection);
    return answer;
  };
  const scans = async (): Promise<number> => {
    // A session tells what it counted when it goes idle for a while, or now.
    await sql`select pg_stat_force_next_flush()`.execute(connection);
    const { rows } = await sql<{ scans: number }>`select coalesce(sum(idx_scan), 0)::int as scans
      from pg_stat_user_indexes where indexrelname like '%\_hnsw' and schemaname = current_schema()`.execute(
      connection,
    );
    return rows[0]!.scans;
  };
  const compare = async (asked: Asked = {}) => {
    const exact = await askExactly(asked);
    await ask(asked);
    const before = await scans();
    const { found, times } = await ask(asked);
    const byIndex = (await scans()) - before;
    return {
      rows: {
        least: Math.min(...found.map((ids) => ids.length)),
        exact: Math.min(...exact.found.map((ids) => ids.length)),
      },
      recall: recallOf(found, exact.found),
      ...times,
      exact: exact.times,
      byIndex: round(byIndex / queries),
    };
  };

  await ask();
  const truth = await askExactly();
  const indexed: Record<string, unknown> = {};
  for (const ef of [40, 100, 200, 400]) {
    const { found, times } = await ask({ ef });
    indexed[`ef${ef}`] = { ...times, recall: recallOf(found, truth.found) };
  }
  log(`unfiltered: ${JSON.stringify({ exact: truth.times, indexed })}`);

  const filtered: Record<string, unknown> = {};
  for (const genre of [...shares.map((share) => `share ${share}`), "theme 7"]) {
    filtered[genre] = await compare({ filter: { genres: [genre] } });
    log(`${genre}: ${JSON.stringify(filtered[genre])}`);
  }
  filtered["price below half, without 40 makers"] = await compare({
    filter: { maxPrice: 4900, excludeMakers: Array.from({ length: 40 }, (_, i) => `maker ${i * 5}`) },
  });

  const began = performance.now();
  await sql`update videos set withdrawn = true where video_id in (
    select video_id from videos order by md5(video_id) limit ${withdrawn})`.execute(connection);
  const withdrawSeconds = round((performance.now() - began) / 1000);
  await sql`vacuum analyze videos`.execute(connection);
  const afterTakeDowns = {
    withdrawn,
    withdrawSeconds,
    unfiltered: await compare(),
    [`share ${shares[0]}`]: await compare({ filter: { genres: [`share ${shares[0]}`] } }),
  };
  log(`${withdrawn} withdrawn: ${JSON.stringify(afterTakeDowns)}`);
  return { exact: truth.times, indexed, filtered, afterTakeDowns };
}

function recallOf(found: readonly string[][], exact: readonly string[][]): number {
  let hits = 0;
  let wanted = 0;
  for (const [q, ids] of exact.entries()) {
    const got = new Set(found[q]);
    hits += ids.filter((id) => got.has(id)).length;
    wanted += ids.length;
  }
  return Math.round((hits / wanted) * 1e4) / 1e4;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function number({ args }: BenchmarkOptions, name: string, byDefault: number): number {
  const at = args.indexOf(name);
  const value = at < 0 ? byDefault : Number(args[at + 1]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(
    `Cannot measure as ${name} must be a positive whole number: current value is ${args[at + 1]}`,
  );
}
