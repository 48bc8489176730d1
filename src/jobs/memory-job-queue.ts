import type { Clock } from "../base/mod.ts";
import { checkJobs } from "./check-jobs.ts";
import type { Claim, ClaimOptions, Job, JobQueue, JobResult, JobRun, JobSchedule } from "./job-queue.ts";

type Row = { -readonly [Key in keyof Job]: Job[Key] } & {
  retries: number;
  lastAttempt: number;
  worker: string;
  claimedAt: number;
};

/**
 * Jobs in memory: the reference for what every {@link JobQueue} does.
 *
 * @param options Whose time counts.
 * @returns An empty queue.
 */
export function createMemoryJobQueue({ clock }: { readonly clock: Clock }): JobQueue {
  const rows = new Map<string, Row>();
  const runs: JobRun[] = [];
  const schedules = new Map<string, JobSchedule>();
  let latest = 0;
  const pending = (row: Row): boolean => row.state === "waiting" || row.state === "running";
  const taken = (kind: string, key: string | null): boolean =>
    key !== null && [...rows.values()].some((row) => pending(row) && row.kind === kind && row.key === key);
  const held = ({ id, attempt }: Claim): Row | undefined => {
    const row = rows.get(id);
    return row?.state === "running" && row.attempts === attempt ? row : undefined;
  };
  const record = (
    row: Row,
    outcome: JobRun["outcome"],
    { errorCode = null, result = {} }: { errorCode?: string | null; result?: JobResult } = {},
  ): void => {
    runs.push({
      jobId: row.id,
      attempt: row.attempts,
      kind: row.kind,
      worker: row.worker,
      outcome,
      startedAt: row.claimedAt,
      finishedAt: clock.now(),
      errorCode,
      counts: result.counts ?? {},
      modelVersion: result.modelVersion ?? null,
      reason: result.reason ?? null,
    });
  };
  const end = (row: Row, state: "done" | "dead" | "cancelled"): void => {
    row.state = state;
    row.finishedAt = clock.now();
  };
  const add: JobQueue["enqueue"] = async (jobs) => {
    checkJobs(jobs);
    return jobs.map(({ kind, payload = {}, key = null, priority = 0, runAt, retries = 3 }) => {
      if (taken(kind, key)) return undefined;
      const id = String(++latest);
      rows.set(id, {
        id,
        kind,
        payload: structuredClone(payload),
        key,
        priority,
        retries,
        state: "waiting",
        visibleAt: runAt ?? clock.now(),
        attempts: 0,
        lastAttempt: retries + 1,
        worker: "",
        claimedAt: 0,
        createdAt: clock.now(),
        finishedAt: null,
        errorCode: null,
      });
      return id;
    });
  };
  const claim = async ({ kinds, limit, visibilityMs, worker }: ClaimOptions) => {
    const now = clock.now();
    const room = new Map(
      kinds.map(({ kind, concurrency = Number.POSITIVE_INFINITY }) => {
        const running = [...rows.values()].filter(
          (row) => row.kind === kind && row.state === "running" && row.visibleAt > now,
        );
        return [kind, concurrency - running.length];
      }),
    );
    const due = [...rows.values()]
      .filter((row) => pending(row) && row.visibleAt <= now)
      .sort((a, b) => b.priority - a.priority || Number(a.id) - Number(b.id));
    const claimed = [];
    for (const row of due) {
      if (claimed.length >= limit) break;
      const left = room.get(row.kind) ?? 0;
      if (left < 1) continue;
      if (row.state === "running") {
        record(row, "lost", { errorCode: "lost" });
        row.errorCode = "lost";
      }
      if (row.attempts >= row.lastAttempt) {
        end(row, "dead");
        continue;
      }
      room.set(row.kind, left - 1);
      const waitedMs = now - row.visibleAt;
      Object.assign(row, { state: "running", visibleAt: now + visibilityMs, claimedAt: now, worker });
      row.attempts++;
      const { id, kind, payload, attempts: attempt } = row;
      claimed.push({ id, attempt, kind, payload, last: attempt >= row.lastAttempt, waitedMs });
    }
    return claimed;
  };
  return Object.freeze({
    enqueue: add,
    claim,
    extend: async (claims, visibilityMs) =>
      claims.flatMap(({ id, attempt }) => {
        const row = held({ id, attempt });
        if (row === undefined) return [];
        row.visibleAt = clock.now() + visibilityMs;
        return [{ id, attempt }];
      }),
    finish: async (finished) =>
      finished.flatMap(({ id, attempt, result = {} }) => {
        const row = held({ id, attempt });
        if (row === undefined) return [];
        row.errorCode = null;
        record(row, "done", { result });
        end(row, "done");
        return [{ id, attempt }];
      }),
    fail: async (each, { code, retryInMs }) => {
      const row = held(each);
      if (row === undefined) return undefined;
      row.errorCode = code;
      record(row, "failed", { errorCode: code });
      if (retryInMs === undefined || row.attempts >= row.lastAttempt) {
        end(row, "dead");
        return "dead";
      }
      row.state = "waiting";
      row.visibleAt = clock.now() + retryInMs;
      return "waiting";
    },
    release: async (claims) => {
      for (const each of claims) {
        const row = held(each);
        if (row === undefined) continue;
        row.state = "waiting";
        row.visibleAt = clock.now();
        row.lastAttempt++;
      }
    },
    cancel: async (id) => {
      const row = rows.get(id);
      if (row === undefined || !pending(row)) return false;
      if (row.state === "running") record(row, "cancelled");
      end(row, "cancelled");
      return true;
    },
    retry: async (id) => {
      const row = rows.get(id);
      if (row === undefined || (row.state !== "dead" && row.state !== "cancelled")) return false;
      if (taken(row.kind, row.key)) return false;
      Object.assign(row, { state: "waiting", visibleAt: clock.now(), finishedAt: null });
      row.lastAttempt = row.attempts + 1 + row.retries;
      return true;
    },
    list: async ({ state, kind, limit = 50 } = {}) =>
      [...rows.values()]
        .filter(
          (row) => (state === undefined || row.state === state) && (kind === undefined || row.kind === kind),
        )
        .reverse()
        .slice(0, limit)
        .map(({ retries: _, lastAttempt: __, worker: ___, claimedAt: ____, ...job }) => ({ ...job })),
    runs: async ({ kind, jobId, outcome, limit = 50 } = {}) =>
      runs
        .filter((run) => kind === undefined || run.kind === kind)
        .filter((run) => jobId === undefined || run.jobId === jobId)
        .filter((run) => outcome === undefined || run.outcome === outcome)
        .sort(
          (a, b) => b.finishedAt - a.finishedAt || Number(b.jobId) - Number(a.jobId) || b.attempt - a.attempt,
        )
        .slice(0, limit),
    stats: async () => {
      const all = [...rows.values()].filter((row) => pending(row) || row.state === "dead");
      return [...new Set(all.map(({ kind }) => kind))].sort().map((kind) => {
        const own = all.filter((row) => row.kind === kind);
        const count = (state: Job["state"]): number => own.filter((row) => row.state === state).length;
        const oldest = Math.min(...own.filter(pending).map(({ visibleAt }) => visibleAt));
        return {
          kind,
          waiting: count("waiting"),
          running: count("running"),
          dead: count("dead"),
          oldestMs: Number.isFinite(oldest) ? Math.max(0, clock.now() - oldest) : 0,
        };
      });
    },
    prune: async (before) => {
      const old = [...rows.values()].filter(
        ({ state, finishedAt }) => (state === "done" || state === "cancelled") && finishedAt! < before,
      );
      for (const { id } of old) rows.delete(id);
      const kept = runs.filter(({ jobId }) => rows.has(jobId));
      runs.splice(0, runs.length, ...kept);
      return old.length;
    },
    schedules: async () => [...schedules.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    putSchedule: async (schedule) => {
      const lastTick = schedules.get(schedule.name)?.lastTick ?? null;
      schedules.set(schedule.name, { ...schedule, lastTick, since: clock.now() });
    },
    removeSchedule: async (name) => schedules.delete(name),
    fire: async (name, tick) => {
      const schedule = schedules.get(name);
      if (!schedule?.enabled || (schedule.lastTick ?? -Infinity) >= tick) return false;
      schedules.set(name, { ...schedule, lastTick: tick });
      await add([{ kind: schedule.kind, payload: schedule.payload, key: `schedule ${name}` }]);
      return true;
    },
  } satisfies JobQueue);
}
