import { type Clock, isFutagoError, type Random } from "../base/mod.ts";
import { codeOfError } from "./error-code.ts";
import type { Claim, ClaimedJob, JobQueue, JobResult } from "./job-queue.ts";

/** What a handler is given. */
export interface JobContext {
  readonly job: ClaimedJob;
  /** Aborted when the worker is told to stop, the job is cancelled, or another worker has taken it over. */
  readonly signal: AbortSignal;
}

/** What does the jobs of one kind. It may be called twice for one job, and must leave then what one call leaves. */
export interface JobHandler {
  run(context: JobContext): Promise<JobResult | undefined>;
  /** How many run at once, all workers together. @default any number */
  readonly concurrency?: number;
}

/** An attempt that ended, for a log: no ids of people or items, no messages. */
export interface JobEnd {
  readonly kind: string;
  readonly jobId: string;
  readonly attempt: number;
  /** `overtaken`: its claim did not hold any more; somebody else does it, or it was cancelled. */
  readonly outcome: "done" | "retrying" | "dead" | "released" | "overtaken";
  readonly milliseconds: number;
  readonly waitedMs: number;
  readonly code?: string;
  readonly result?: JobResult;
}

/** What {@link createWorker} works with. */
export interface WorkerOptions {
  readonly queue: JobQueue;
  /** By kind; jobs of other kinds are left for other workers. */
  readonly handlers: Readonly<Record<string, JobHandler>>;
  /** For the record: a name of this process. */
  readonly name: string;
  /** For the pauses between attempts. */
  readonly random: Random;
  /** Jobs at once in this worker. @default 1 */
  readonly parallel?: number;
  /** How long a job of a worker that was killed stays with it, in milliseconds. @default 60000 */
  readonly visibilityMs?: number;
  /** How long to wait before looking again where nothing was to do, in milliseconds. @default 1000 */
  readonly idleMs?: number;
  /** The pause after a first failure, in milliseconds; it doubles with each, up to an hour. @default 10000 */
  readonly backoffMs?: number;
  /** To wait until `details.retryAt` of a failure that says so, as of a source whose quota is used up. @default Date */
  readonly clock?: Clock;
  readonly onEnd?: (end: JobEnd) => void;
  /** Told of a queue that did not answer; the worker asks it again. */
  readonly onQueueError?: (code: string) => void;
}

/** Does jobs. */
export interface Worker {
  /**
   * Works until the signal is aborted, or with `untilEmpty` until nothing is to do now. Then handlers are told to stop,
   * what they cannot leave is finished, and what they leave is given back.
   */
  run(signal: AbortSignal, options?: { readonly untilEmpty?: boolean }): Promise<void>;
}

const longestPauseMs = 3_600_000;

/**
 * A worker. There may be any number of them, on any number of machines.
 *
 * @param options Queue and handlers.
 * @returns The worker; it does nothing yet.
 *
 * @example
 * ```ts
 * import { createRandom, jobs } from "futago";
 * const queue = jobs.createMemoryJobQueue({ clock: Date });
 * let sum = 0;
 * await queue.enqueue([{ kind: "add", payload: { n: 2 } }, { kind: "add", payload: { n: 3 } }]);
 * const worker = jobs.createWorker({
 *   queue,
 *   name: "worker 1",
 *   random: createRandom(1),
 *   handlers: {
 *     add: {
 *       run: async ({ job }) => {
 *         sum += Number(job.payload["n"]);
 *         return { counts: { added: 1 } };
 *       },
 *     },
 *   },
 * });
 * await worker.run(new AbortController().signal, { untilEmpty: true });
 * sum; // 5
 * ```
 */
export function createWorker(options: WorkerOptions): Worker {
  const { parallel = 1 } = options;
  if (!Number.isInteger(parallel) || parallel < 1) {
    throw new RangeError(
      `Cannot work as parallel must be a whole number from 1: current value is ${parallel}`,
    );
  }
  return Object.freeze({
    run: (signal: AbortSignal, { untilEmpty = false } = {}) =>
      work({ ...options, parallel }, signal, untilEmpty),
  });
}

interface Active {
  readonly claim: Claim;
  readonly controller: AbortController;
}

async function work(
  options: WorkerOptions & { readonly parallel: number },
  signal: AbortSignal,
  untilEmpty: boolean,
): Promise<void> {
  const { queue, handlers, name, parallel, visibilityMs = 60_000, idleMs = 1000 } = options;
  const kinds = Object.entries(handlers).map(([kind, { concurrency }]) => ({
    kind,
    ...(concurrency === undefined ? {} : { concurrency }),
  }));
  const active = new Map<string, Active>();
  const bell = createBell();
  const recorder = createRecorder(options);

  const start = async (job: ClaimedJob): Promise<void> => {
    const controller = new AbortController();
    const claim = { id: job.id, attempt: job.attempt };
    active.set(job.id, { claim, controller });
    if (signal.aborted) controller.abort();
    await recorder.record(job, { run: handlers[job.kind]!.run, own: controller.signal, all: signal });
    active.delete(job.id);
    bell.ring();
  };
  const stop = (): void => {
    for (const { controller } of active.values()) controller.abort();
    bell.ring();
  };
  signal.addEventListener("abort", stop, { once: true });
  // Three chances to say that a job is still being done; whoever does not hold it any more is told to stop.
  const heartbeat = setInterval(async () => {
    const claims = [...active.values()].map(({ claim }) => claim);
    if (claims.length === 0) return;
    try {
      const held = new Set((await queue.extend(claims, visibilityMs)).map(({ id }) => id));
      for (const { id } of claims) if (!held.has(id)) active.get(id)?.controller.abort();
    } catch (error) {
      options.onQueueError?.(codeOfError(error));
    }
  }, visibilityMs / 3);
  let quiet = false;
  try {
    while (!signal.aborted) {
      const free = parallel - active.size;
      // Half of what it may hold at a time, so that claims and finishes go in batches; less where the others take long.
      let claimed: readonly ClaimedJob[] = [];
      if (free > 0 && (quiet || free >= parallel / 2)) {
        try {
          claimed = await queue.claim({ kinds, limit: free, visibilityMs, worker: name });
        } catch (error) {
          options.onQueueError?.(codeOfError(error));
          await bell.wait(idleMs);
          continue;
        }
        for (const job of claimed) void start(job);
      }
      if (claimed.length > 0 && active.size < parallel) continue;
      if (untilEmpty && active.size === 0 && claimed.length === 0) return;
      if (!signal.aborted) quiet = !(await bell.wait(active.size === parallel ? visibilityMs : idleMs));
    }
  } finally {
    while (active.size > 0) await bell.wait(visibilityMs);
    clearInterval(heartbeat);
    signal.removeEventListener("abort", stop);
  }
}

/** Does a job, and tells the queue what became of it; what ends at the same moment is told together. */
function createRecorder(options: WorkerOptions): {
  record(
    job: ClaimedJob,
    how: { readonly run: JobHandler["run"]; readonly own: AbortSignal; readonly all: AbortSignal },
  ): Promise<void>;
} {
  const { queue, random, backoffMs = 10_000, clock = Date, onEnd } = options;
  let waiting: { readonly claim: Claim & { result?: JobResult }; told(held: boolean): void }[] = [];
  let telling = false;
  const tell = async (): Promise<void> => {
    if (telling) return;
    telling = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      let held = new Set<string>();
      try {
        held = new Set((await queue.finish(batch.map(({ claim }) => claim))).map(({ id }) => id));
      } catch (error) {
        // Its claim ends, and it is done again.
        options.onQueueError?.(codeOfError(error));
      }
      for (const { claim, told } of batch) told(held.has(claim.id));
    }
    telling = false;
  };
  return {
    record: async (job, { run, own, all }) => {
      const started = performance.now();
      const claim = { id: job.id, attempt: job.attempt };
      const end = (outcome: JobEnd["outcome"], more: Pick<JobEnd, "code" | "result"> = {}): void => {
        const milliseconds = Math.round(performance.now() - started);
        const { id: jobId, kind, attempt, waitedMs } = job;
        onEnd?.({ kind, jobId, attempt, outcome, milliseconds, waitedMs: Math.round(waitedMs), ...more });
      };
      try {
        const result = await run({ job, signal: own });
        const held = await new Promise<boolean>((told) => {
          waiting.push({ claim: { ...claim, ...(result === undefined ? {} : { result }) }, told });
          void tell();
        });
        end(held ? "done" : "overtaken", result === undefined ? {} : { result });
      } catch (error) {
        const code = codeOfError(error);
        try {
          if (all.aborted) {
            await queue.release([claim]);
            end("released");
            return;
          }
          // A quarter up or down, so that what failed together is not tried again together.
          const pause = backoffMs * 2 ** (job.attempt - 1) * (0.75 + random.next() / 2);
          const asked = isFutagoError(error) ? error.details["retryAt"] : undefined;
          const earliest = typeof asked === "number" ? asked - clock.now() : 0;
          const retryInMs = Math.max(Math.min(pause, longestPauseMs), earliest);
          const state = await queue.fail(claim, { code, retryInMs });
          end(state === undefined ? "overtaken" : state === "dead" ? "dead" : "retrying", { code });
        } catch (failure) {
          options.onQueueError?.(codeOfError(failure));
        }
      }
    },
  };
}

/** Something to wait for that may be rung, also before somebody waits; `wait` says whether it was. */
function createBell(): { ring(): void; wait(milliseconds: number): Promise<boolean> } {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    wait: async (milliseconds) => {
      if (!rung) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, milliseconds);
        });
        clearTimeout(timer);
        wake = undefined;
      }
      const heard = rung;
      rung = false;
      return heard;
    },
  };
}
