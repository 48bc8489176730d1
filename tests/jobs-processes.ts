import { type ChildProcess, spawn } from "node:child_process";
import { type RawBuilder, sql } from "kysely";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";

/** What {@link workThrough} is asked for. */
export interface WorkThroughOptions {
  readonly serverUrl: string;
  readonly jobs: number;
  readonly workers: number;
  /** A worker is killed, and another started, whenever so many jobs more are done; 0 kills nobody. */
  readonly killEveryJobs?: number;
  /** The same by time, in milliseconds. */
  readonly killEveryMs?: number;
  /** Jobs at once in each worker. */
  readonly parallel: number;
}

/** What became of the jobs. */
export interface WorkedThrough {
  readonly killed: number;
  readonly seconds: number;
  /** Rows of `effects`; each job leaves one. */
  readonly effects: number;
  readonly done: number;
  readonly lost: number;
  readonly unfinished: number;
  /** From being claimed to being done, in milliseconds. */
  readonly latency: Percentiles;
  /** From being enqueued to being claimed, in milliseconds: how long the queue was. */
  readonly waited: Percentiles;
}

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Enqueues jobs and has processes do them, some of which are killed; in a schema of its own, which is dropped. */
export async function workThrough(options: WorkThroughOptions): Promise<WorkedThrough> {
  const schema = `futago_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const database = await openDatabase({ url: options.serverUrl }, { schema });
  const workers: ChildProcess[] = [];
  try {
    await sql`create table effects (n integer primary key)`.execute(database.connection);
    const { jobs, workers: count, killEveryJobs = 0, killEveryMs = 0, parallel } = options;
    for (let start = 0; start < jobs; start += 5000) {
      const length = Math.min(5000, jobs - start);
      await database.jobs.enqueue(
        Array.from({ length }, (_, i) => ({ kind: "effect", payload: { n: start + i }, retries: 100 })),
      );
    }
    const start = (): ChildProcess => {
      const args = [
        "tests/jobs-worker.ts",
        options.serverUrl,
        schema,
        `w${workers.length}`,
        String(parallel),
      ];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
      workers.push(child);
      return child;
    };
    let alive = Array.from({ length: count }, start);
    const began = performance.now();
    let [killed, nextJobs, nextMs] = [0, killEveryJobs, killEveryMs];
    for (;;) {
      const done = await ended(database);
      if (done >= jobs) break;
      const elapsed = performance.now() - began;
      if (elapsed > 300_000) break;
      if ((killEveryJobs > 0 && done >= nextJobs) || (killEveryMs > 0 && elapsed >= nextMs)) {
        nextJobs = done + killEveryJobs;
        nextMs = elapsed + killEveryMs;
        killed++;
        alive[0]!.kill("SIGKILL");
        alive = [...alive.slice(1), start()];
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const seconds = (performance.now() - began) / 1000;
    const { rows } = await sql<Omit<WorkedThrough, "killed" | "seconds" | "latency" | "waited">>`
      select (select count(*) from effects)::int as effects,
        (select count(*) from jobs where state = 'done')::int as done,
        (select count(*) from job_runs where outcome = 'lost')::int as lost,
        (select count(*) from jobs where state <> 'done')::int as unfinished`.execute(database.connection);
    const latency = await percentiles(database, sql`finished_at - claimed_at`);
    const waited = await percentiles(database, sql`claimed_at - created_at`);
    return { killed, seconds, ...rows[0]!, latency, waited };
  } finally {
    for (const child of workers) child.kill("SIGKILL");
    await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(database.connection);
    await database.close();
  }
}

async function ended(database: Database): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from jobs where finished_at is not null`.execute(database.connection);
  return rows[0]!.n;
}

async function percentiles(database: Database, interval: RawBuilder<unknown>): Promise<Percentiles> {
  const { rows } = await sql<Percentiles>`
    select round(percentile_cont(0.5) within group (order by ms))::int as p50,
      round(percentile_cont(0.95) within group (order by ms))::int as p95,
      round(percentile_cont(0.99) within group (order by ms))::int as p99
    from (select extract(epoch from ${interval})::float8 * 1000 as ms from jobs where state = 'done') l`.execute(
    database.connection,
  );
  return rows[0]!;
}
