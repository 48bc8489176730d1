import { Cron } from "croner";
import type { Clock } from "../base/mod.ts";
import { codeOfError } from "./error-code.ts";
import type { JobQueue, JobSchedule } from "./job-queue.ts";

/** What {@link createScheduler} works with. */
export interface SchedulerOptions {
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** How long after its moment a job should have been done, in milliseconds. @default 3600000 */
  readonly graceMs?: number;
  /** Told of a queue that did not answer, or of a schedule that cannot be read. */
  readonly onError?: (code: string) => void;
}

/** A schedule whose job should have been done by now. */
export interface OverdueSchedule {
  readonly name: string;
  readonly kind: string;
  /** The moment it was due at, in milliseconds since 1970. */
  readonly dueAt: number;
}

/** Enqueues the jobs of schedules. */
export interface Scheduler {
  /** Fires what is due now; of several moments that passed unseen the last. Gives the names that it fired. */
  tick(): Promise<readonly string[]>;
  /** What should have been done by now and was not. */
  overdue(): Promise<readonly OverdueSchedule[]>;
  /** Ticks until the signal is aborted. */
  run(signal: AbortSignal, options?: { readonly everyMs?: number }): Promise<void>;
}

/**
 * The moment a schedule was last due, up to a moment.
 *
 * @param schedule Cron and time zone.
 * @param at Milliseconds since 1970; counts itself.
 * @returns Milliseconds since 1970; undefined where there was none.
 * @throws RangeError Where cron or time zone cannot be read.
 */
export function lastDue(schedule: Pick<JobSchedule, "cron" | "timeZone">, at: number): number | undefined {
  // croner looks strictly before a moment.
  const before = new Date(at + 1000 - (at % 1000));
  return read(schedule, (cron) => cron.previousRuns(1, before)[0]?.getTime());
}

/**
 * The moment a schedule is next due.
 *
 * @param schedule Cron and time zone.
 * @param at Milliseconds since 1970; does not count itself.
 * @returns Milliseconds since 1970; undefined where there is none.
 * @throws RangeError Where cron or time zone cannot be read.
 */
export function nextDue(schedule: Pick<JobSchedule, "cron" | "timeZone">, at: number): number | undefined {
  return read(schedule, (cron) => cron.nextRun(new Date(at))?.getTime());
}

/** What is read of a schedule: croner looks at the time zone only then. */
function read<Read>(
  { cron, timeZone }: Pick<JobSchedule, "cron" | "timeZone">,
  of: (parsed: Cron) => Read,
): Read {
  try {
    return of(new Cron(cron, { timezone: timeZone, paused: true }));
  } catch {
    throw new RangeError(
      `Cannot read the schedule as it must be cron syntax and a time zone: current value is "${cron}" in "${timeZone}"; ` +
        'for example "0 4 * * 0" in "Asia/Tokyo"',
    );
  }
}

/**
 * A scheduler. There may be any number of them: each moment of a schedule is fired by one.
 *
 * @param options Queue and clock.
 * @returns The scheduler; it does nothing yet.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { queue, clock, graceMs = 3_600_000, onError } = options;
  const due = (schedule: JobSchedule, at: number): number | undefined => {
    if (!schedule.enabled) return undefined;
    try {
      const last = lastDue(schedule, at);
      return last === undefined || last <= schedule.since ? undefined : last;
    } catch (error) {
      onError?.(codeOfError(error));
      return undefined;
    }
  };
  const tick = async (): Promise<readonly string[]> => {
    const fired: string[] = [];
    for (const schedule of await queue.schedules()) {
      const last = due(schedule, clock.now());
      if (last === undefined || last <= (schedule.lastTick ?? Number.NEGATIVE_INFINITY)) continue;
      if (await queue.fire(schedule.name, last)) fired.push(schedule.name);
    }
    return fired;
  };
  return Object.freeze({
    tick,
    overdue: async () => {
      const late: OverdueSchedule[] = [];
      for (const schedule of await queue.schedules()) {
        const dueAt = due(schedule, clock.now() - graceMs);
        if (dueAt === undefined) continue;
        const [done] = await queue.runs({ kind: schedule.kind, outcome: "done", limit: 1 });
        if (done === undefined || done.finishedAt < dueAt) {
          late.push({ name: schedule.name, kind: schedule.kind, dueAt });
        }
      }
      return late;
    },
    run: async (signal: AbortSignal, { everyMs = 10_000 } = {}) => {
      while (!signal.aborted) {
        await tick().catch((error: unknown) => onError?.(codeOfError(error)));
        await pause(everyMs, signal);
      }
    },
  });
}

/** Waits, but not once the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}
