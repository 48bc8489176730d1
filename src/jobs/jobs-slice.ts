import type { Clock, Random } from "../base/mod.ts";
import type { SyncDmmSlice } from "../sync/mod.ts";
import { createSyncDmm } from "./handlers/sync-dmm.ts";
import type { JobQueue } from "./job-queue.ts";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import { createWorker, type Worker } from "./worker.ts";

/** Does jobs for so many milliseconds. */
export type RunJobsSlice = (budgetMs: number) => Promise<{ readonly fired: readonly string[] }>;

/**
 * Jobs for who has no process of their own: fires what is due and does what waits, until nothing does or the time is over.
 * Slices that overlap share the work.
 *
 * @param options Scheduler and worker.
 * @returns The slice, which gives the schedules that it fired.
 */
export function createJobsSlice({
  scheduler,
  worker,
}: {
  readonly scheduler: Pick<Scheduler, "tick">;
  readonly worker: Worker;
}): RunJobsSlice {
  return async (budgetMs) => {
    const fired = await scheduler.tick();
    await worker.run(AbortSignal.timeout(budgetMs), { untilEmpty: true });
    return { fired };
  };
}

/** What {@link createServedJobs} works with. */
export interface ServedJobsOptions {
  readonly queue: JobQueue;
  /** Absent: syncs are left to others, too. */
  readonly syncDmm: SyncDmmSlice | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The jobs that a service does when it is called: what is due is enqueued, and of it syncs are done, which wait most of the
 * time. Everything else takes more processor time than a request has (two seconds on the edge), and is left to
 * `futago jobs run`.
 *
 * @param options Queue and platform.
 * @returns The slice, for `run_jobs`.
 */
export function createServedJobs({ queue, syncDmm, clock, random }: ServedJobsOptions): RunJobsSlice {
  const handlers = syncDmm === undefined ? {} : { "sync-dmm": createSyncDmm(syncDmm) };
  const worker = createWorker({ queue, handlers, name: "service", random, clock });
  return createJobsSlice({ scheduler: createScheduler({ queue, clock }), worker });
}
