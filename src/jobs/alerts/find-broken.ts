import type { Fetch } from "../../base/mod.ts";
import type { JobQueue } from "../job-queue.ts";
import type { Scheduler } from "../scheduler.ts";
import type { AlertRules } from "./alert-rules.ts";
import type { Alert } from "./alert-store.ts";
import { type Counters, readCounters, servedSince } from "./served-metrics.ts";

/** What {@link createLookout} works with. */
export interface LookoutOptions {
  readonly queue: JobQueue;
  readonly scheduler: Pick<Scheduler, "overdue">;
  readonly rules: AlertRules;
  readonly fetch: Fetch;
  /** Sent as `apikey` to `metricsUrl`, where callers of the server must prove who they are. */
  readonly metricsKey?: string | undefined;
}

/** What a look found. */
export interface Found {
  readonly broken: readonly Alert[];
  /** Alerts of which nothing can be said now. */
  readonly unknown: readonly string[];
}

/** Fewer recommendations say nothing about how long they take. */
const fewest = 20;

/**
 * Looks at what the rules are about.
 *
 * @param options Where to look.
 * @returns A look; the counters of a server are compared with those of the look before.
 */
export function createLookout({
  queue,
  scheduler,
  rules,
  fetch,
  metricsKey,
}: LookoutOptions): () => Promise<Found> {
  let counters: Counters | undefined;

  const jobs = async (): Promise<Alert[]> => {
    const broken: Alert[] = [];
    const kinds = new Set((await queue.stats()).map(({ kind }) => kind));
    for (const { kind } of await queue.schedules()) kinds.add(kind);
    for (const kind of kinds) {
      const [dead] = await queue.list({ kind, state: "dead", limit: 1 });
      const [done] = await queue.runs({ kind, outcome: "done", limit: 1 });
      if (rules.jobFailed && dead !== undefined && dead.finishedAt! > (done?.finishedAt ?? 0)) {
        broken.push({
          name: `job_failed ${kind}`,
          text: `Job ${kind} failed after its retries (${dead.errorCode}): futago jobs list --state dead`,
        });
      }
      const [last] = await queue.runs({ kind, limit: 1 });
      if (rules.quotaExhausted && last?.errorCode === "source_exhausted") {
        broken.push({
          name: `quota_exhausted ${kind}`,
          text: `Job ${kind} stopped as the quota of its source is used up; it goes on by itself`,
        });
      }
    }
    if (rules.jobOverdueMinutes === false) return broken;
    for (const { name, dueAt } of await scheduler.overdue()) {
      const due = new Date(dueAt).toISOString();
      broken.push({
        name: `job_overdue ${name}`,
        text: `Scheduled job ${name} was due at ${due} and has not been done: does futago jobs run?`,
      });
    }
    return broken;
  };

  const served = async (): Promise<Found> => {
    const { metricsUrl, latencyMs, fallbackRate } = rules;
    const names = [
      ...(latencyMs === undefined ? [] : ["latency"]),
      ...(fallbackRate === undefined ? [] : ["fallback_rate"]),
    ];
    if (metricsUrl === undefined || names.length === 0) return { broken: [], unknown: [] };
    let now: Counters;
    try {
      const answer = await fetch(metricsUrl, {
        headers: metricsKey === undefined ? {} : { apikey: metricsKey },
        signal: AbortSignal.timeout(10_000),
      });
      now = readCounters(await answer.text());
    } catch {
      now = new Map();
    }
    if (now.size === 0) return { broken: [], unknown: names };
    const before = counters;
    counters = now;
    if (before === undefined) return { broken: [], unknown: names };
    const { requests, p95Ms, answers, fallbacks } = servedSince(now, before);
    if (Math.max(requests, answers) < fewest) return { broken: [], unknown: names };
    const broken: Alert[] = [];
    if (latencyMs !== undefined && p95Ms > latencyMs) {
      broken.push({
        name: "latency",
        text: `Of 100 recommendations 5 take longer than ${latencyMs} ms (95 within ${p95Ms} ms)`,
      });
    }
    const rate = answers === 0 ? 0 : fallbacks / answers;
    if (fallbackRate !== undefined && rate > fallbackRate) {
      broken.push({
        name: "fallback_rate",
        text: `${(100 * rate).toFixed(1)} % of recommendations come from a fallback: futago doctor`,
      });
    }
    return { broken, unknown: [] };
  };

  return async () => {
    const own = await jobs();
    const { broken, unknown } = await served();
    return { broken: [...own, ...broken], unknown };
  };
}
