import { workThrough } from "../tests/jobs-processes.ts";
import type { Benchmark } from "./benchmark.ts";

/** What `npm run bench` says of it. */
export const about =
  "jobs over processes that are killed: throughput, latency, effects (--jobs N --workers N --parallel N --kill-every-ms N)";

/** Needs DATABASE_URL; works in a schema of its own there, which is dropped at the end. */
export const run: Benchmark = async ({ args, log }) => {
  const serverUrl = process.env["DATABASE_URL"];
  if (serverUrl === undefined) throw new Error("Cannot measure jobs as DATABASE_URL must name a Postgres");
  const number = (name: string, fallback: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? fallback : Number(args[at + 1]);
  };
  const jobs = number("--jobs", 100_000);
  const workers = number("--workers", 4);
  const killEveryMs = number("--kill-every-ms", 1000);
  const parallel = number("--parallel", 100);
  log(`${jobs} jobs, ${workers} workers, one killed every ${killEveryMs} ms`);
  const worked = await workThrough({ serverUrl, jobs, workers, killEveryMs, parallel });
  const exactlyOnce = worked.effects === jobs && worked.done === jobs && worked.unfinished === 0;
  return { jobs, workers, exactlyOnce, jobsPerSecond: Math.round(jobs / worked.seconds), ...worked };
};
