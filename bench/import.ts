import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataFolder } from "../src/adapters/fs/mod.ts";
import { type DatabaseLocation, type DatabaseOptions, openDatabase } from "../src/adapters/postgres/mod.ts";
import { demoImport, type ImportPlan, movieLensImport, runImport } from "../src/catalogue/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";

/** Shown in the list of benchmarks. */
export const about =
  "rows/s of MovieLens-1M into the database, beside reading alone; --movielens DIR, else the demo";

/**
 * Imports the same rows three ways: read and validated only, into a server (where DATABASE_URL names one, in a schema of
 * its own that is dropped again), and into an embedded database on disk. Each rate is also given as a share of reading alone.
 *
 * @param options Arguments and log.
 * @returns Rates, shares and the peak of resident memory.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const directory = args[args.indexOf("--movielens") + 1] ?? "../shared/data/ml-1m";
  const movieLens = existsSync(join(directory, "ratings.dat")) || existsSync(join(directory, "ratings.csv"));
  const data = movieLens ? "movielens" : "demo";
  const planOf = async (): Promise<ImportPlan> =>
    movieLens ? movieLensImport(openDataFolder(directory)) : demoImport();

  const started = performance.now();
  let rows = 0;
  for (const file of (await planOf()).files) {
    for await (const block of file.rows({ from: 1 })) rows += block.length;
  }
  const readRowsPerSecond = rate(rows, started);
  log(`read alone: ${rows} rows, ${readRowsPerSecond} rows/s, peak ${peakRssMb()} MB`);
  const readPeakRssMb = peakRssMb();

  const into = async (name: string, location: DatabaseLocation, options: DatabaseOptions = {}) => {
    const database = await openDatabase(location, options);
    try {
      const plan = await planOf();
      const first = performance.now();
      const summary = await runImport(plan, database.catalogue);
      const rowsPerSecond = rate(summary.rows, first);
      const second = performance.now();
      const again = await runImport(plan, database.catalogue);
      if (again.counts.unchanged !== summary.counts.inserted)
        throw new Error("The second import changed something");
      log(
        `${name}: ${rowsPerSecond} rows/s, again ${rate(again.rows, second)} rows/s, peak ${peakRssMb()} MB`,
      );
      return {
        rowsPerSecond,
        shareOfReading: ratio(rowsPerSecond, readRowsPerSecond),
        againRowsPerSecond: rate(again.rows, second),
        peakRssMb: peakRssMb(),
        issues: summary.issues.total,
        orphaned: summary.counts.orphaned,
      };
    } finally {
      const { schema } = options;
      if (schema !== undefined) await dropSchema(database, schema);
      await database.close();
    }
  };

  const url = process.env["DATABASE_URL"];
  const postgres =
    url === undefined || url === ""
      ? undefined
      : await into("postgres", { url }, { schema: `bench_import_${process.pid}` });
  const temporary = await mkdtemp(join(tmpdir(), "futago-bench-"));
  try {
    const pglite = await into("pglite", { directory: join(temporary, "database") });
    return { data, rows, readRowsPerSecond, readPeakRssMb, ...(postgres ? { postgres } : {}), pglite };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function dropSchema(database: Awaited<ReturnType<typeof openDatabase>>, schema: string): Promise<void> {
  await database.connection.schema.dropSchema(schema).ifExists().cascade().execute();
}

function rate(rows: number, since: number): number {
  return Math.round(rows / ((performance.now() - since) / 1000));
}

function ratio(a: number, b: number): number {
  return Math.round((a / b) * 1000) / 1000;
}

// The peak of the whole process so far: later stages include what earlier ones needed.
function peakRssMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
