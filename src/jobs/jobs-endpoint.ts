import { sha256Hex } from "../base/mod.ts";
import { createJobsSlice } from "./jobs-slice.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Worker } from "./worker.ts";

/** What {@link createJobsEndpoint} works with. */
export interface JobsEndpointOptions {
  readonly scheduler: Pick<Scheduler, "tick">;
  readonly worker: Worker;
  /** What callers must send as `apikey`; any of them. */
  readonly keys: readonly string[];
  /** Afterwards no further job is begun and those under way are told to stop, in milliseconds. @default 100000 */
  readonly budgetMs?: number;
}

/**
 * Jobs for who has no process of their own: each call fires what is due and does what waits, for as long as an edge
 * function may take. Called every minute by pg_cron and pg_net; calls that overlap share the work.
 *
 * @param options Scheduler, worker and the keys of callers.
 * @returns From request to response: 200 with what was fired, 401 without a key, 405 for another method than POST.
 * @throws RangeError Without a key: anybody could make it work.
 *
 * @example
 * ```ts no-run
 * import { jobs } from "futago";
 * declare const parts: Pick<jobs.JobsEndpointOptions, "scheduler" | "worker">;
 * const answer = jobs.createJobsEndpoint({ ...parts, keys: ["sb_secret_example"] });
 * await answer(new Request("https://jobs.example/run", { method: "POST", headers: { apikey: "sb_secret_example" } }));
 * ```
 */
export function createJobsEndpoint(options: JobsEndpointOptions): (request: Request) => Promise<Response> {
  const { budgetMs = 100_000 } = options;
  const runSlice = createJobsSlice(options);
  const hash = (key: string): string => sha256Hex(new TextEncoder().encode(key));
  // Of hashes no caller can learn anything by how long they take to compare.
  const known = new Set(options.keys.filter((key) => key !== "").map(hash));
  if (known.size === 0) {
    throw new RangeError("Cannot take calls for jobs as callers must prove who they are: keys is empty");
  }
  return async (request) => {
    if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
    if (!known.has(hash(request.headers.get("apikey") ?? ""))) return new Response(null, { status: 401 });
    return Response.json(await runSlice(budgetMs));
  };
}
