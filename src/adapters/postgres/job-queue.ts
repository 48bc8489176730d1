import { type RawBuilder, sql } from "kysely";
import type { Clock } from "../../base/mod.ts";
import {
  type ClaimedJob,
  type ClaimOptions,
  checkJobs,
  type Job,
  type JobQueue,
  type JobRun,
  type KindStats,
  type NewJob,
} from "../../jobs/mod.ts";
import type { Connection } from "./connection.ts";
import { createScheduleRows } from "./schedule-rows.ts";
import { milliseconds, moment, timeOf } from "./sql-time.ts";
import { storableJson } from "./storable-json.ts";

/** Options of {@link createJobQueue}. */
export interface JobQueueOptions {
  /** Whose time counts. @default the database's, the one clock that all workers share */
  readonly clock?: Clock;
}

/**
 * The rows of `jobs`: plain SQL, a statement a call, so that it works through a transaction pooler and in PGlite alike.
 *
 * @param db A migrated database.
 * @param options Whose time counts.
 * @returns The queue.
 */
export function createJobQueue(db: Connection, options: JobQueueOptions = {}): JobQueue {
  const now = () => timeOf(options.clock);
  return Object.freeze({
    ...createScheduleRows(db, now),
    enqueue: async (jobs) => {
      checkJobs(jobs);
      return enqueue(db, jobs, now());
    },
    claim: (claimed) =>
      claimed.kinds.some(({ concurrency }) => concurrency !== undefined)
        ? claimWithin(db, claimed, now)
        : claim(db, { ...claimed, kinds: claimed.kinds.map(({ kind }) => kind) }, now()),
    extend: async (claims, visibilityMs) => {
      if (claims.length === 0) return [];
      const { rows } = await sql<{ id: string; attempt: number }>`
        update jobs j set visible_at = ${now()} + ${milliseconds(visibilityMs)}
        from ${claimsGiven(claims)}
        where j.id = g.id and j.attempts = g.attempt and j.state = 'running'
        returning j.id::text, j.attempts as attempt`.execute(db);
      return rows;
    },
    finish: async (finished) => {
      if (finished.length === 0) return [];
      const given = finished.map(({ id, attempt, result = {} }) => ({
        id,
        attempt,
        counts: result.counts ?? {},
        model_version: result.modelVersion ?? null,
        reason: result.reason ?? null,
      }));
      const { rows } = await sql<{ id: string; attempt: number }>`
        with given as (
          select * from jsonb_to_recordset(${storableJson(given)}::text::jsonb)
            as g(id bigint, attempt integer, counts jsonb, model_version text, reason text)
        ), ended as (
          update jobs j set state = 'done', finished_at = ${now()}, error_code = null from given g
          where j.id = g.id and j.attempts = g.attempt and j.state = 'running'
          returning j.id, j.attempts, j.kind, j.worker, j.claimed_at, j.finished_at
        ), recorded as (
          insert into job_runs (job_id, attempt, kind, worker, outcome, started_at, finished_at, counts, model_version, reason)
          select e.id, e.attempts, e.kind, e.worker, 'done', e.claimed_at, e.finished_at, g.counts, g.model_version, g.reason
          from ended e join given g on g.id = e.id
        )
        select id::text, attempts as attempt from ended`.execute(db);
      return rows;
    },
    fail: async ({ id, attempt }, { code, retryInMs }) => {
      const again = retryInMs !== undefined;
      const { rows } = await sql<{ state: "waiting" | "dead" }>`
        with ended as (
          update jobs set
            state = case when ${again}::boolean and attempts < last_attempt then 'waiting' else 'dead' end,
            visible_at = ${now()} + ${milliseconds(retryInMs ?? 0)},
            finished_at = case when ${again}::boolean and attempts < last_attempt then null else ${now()} end,
            error_code = ${code}
          where id = ${id}::bigint and attempts = ${attempt} and state = 'running'
          returning id, attempts, kind, worker, claimed_at, state
        ), recorded as (
          insert into job_runs (job_id, attempt, kind, worker, outcome, started_at, finished_at, error_code)
          select id, attempts, kind, worker, 'failed', claimed_at, ${now()}, ${code} from ended
        )
        select state from ended`.execute(db);
      return rows[0]?.state;
    },
    release: async (claims) => {
      if (claims.length === 0) return;
      await sql`
        update jobs j set state = 'waiting', visible_at = ${now()}, last_attempt = last_attempt + 1
        from ${claimsGiven(claims)}
        where j.id = g.id and j.attempts = g.attempt and j.state = 'running'`.execute(db);
    },
    cancel: async (id) => {
      const { rows } = await sql`
        with known as (
          select * from jobs where id = ${asId(id)}::bigint and state in ('waiting', 'running') for update
        ), recorded as (
          insert into job_runs (job_id, attempt, kind, worker, outcome, started_at, finished_at)
          select id, attempts, kind, worker, 'cancelled', claimed_at, ${now()} from known where state = 'running'
        )
        update jobs j set state = 'cancelled', finished_at = ${now()} from known k where j.id = k.id
        returning j.id`.execute(db);
      return rows.length > 0;
    },
    retry: async (id) => {
      try {
        const { rows } = await sql`
          update jobs set state = 'waiting', visible_at = ${now()}, finished_at = null, last_attempt = attempts + 1 + retries
          where id = ${asId(id)}::bigint and state in ('dead', 'cancelled') returning id`.execute(db);
        return rows.length > 0;
      } catch (error) {
        // unique_violation: another of its key is pending.
        if ((error as { readonly code?: unknown }).code === "23505") return false;
        throw error;
      }
    },
    list: async ({ state = null, kind = null, limit = 50 } = {}) => {
      const { rows } = await sql<Job>`
        select id::text, kind, payload, unique_key as key, priority, state, attempts, error_code as "errorCode",
          ${moment("visible_at")} as "visibleAt", ${moment("created_at")} as "createdAt",
          ${moment("finished_at")} as "finishedAt"
        from jobs where (${state}::text is null or state = ${state}) and (${kind}::text is null or kind = ${kind})
        order by jobs.id desc limit ${limit}`.execute(db);
      return rows;
    },
    runs: async ({ kind = null, jobId = null, outcome = null, limit = 50 } = {}) => {
      const { rows } = await sql<JobRun>`
        select job_id::text as "jobId", attempt, kind, worker, outcome, ${moment("started_at")} as "startedAt",
          ${moment("finished_at")} as "finishedAt", error_code as "errorCode", counts,
          model_version as "modelVersion", reason
        from job_runs where (${kind}::text is null or kind = ${kind})
          and (${jobId}::text is null or job_id = ${jobId === null ? null : asId(jobId)}::bigint)
          and (${outcome}::text is null or outcome = ${outcome})
        order by job_runs.finished_at desc, job_id desc, attempt desc limit ${limit}`.execute(db);
      return rows;
    },
    stats: async () => {
      const { rows } = await sql<KindStats>`
        select kind, (count(*) filter (where state = 'waiting'))::int as waiting,
          (count(*) filter (where state = 'running'))::int as running,
          (count(*) filter (where state = 'dead'))::int as dead,
          coalesce(greatest(0, extract(epoch from ${now()} - min(visible_at) filter (where state in ('waiting', 'running')))
            * 1000), 0)::float8 as "oldestMs"
        from jobs where state in ('waiting', 'running', 'dead') group by kind order by kind`.execute(db);
      return rows;
    },
    prune: async (before) => {
      const { rows } = await sql`
        delete from jobs where state in ('done', 'cancelled') and finished_at < to_timestamp(${before}::float8 / 1000)
        returning id`.execute(db);
      return rows.length;
    },
  } satisfies JobQueue);
}

async function enqueue(
  db: Connection,
  jobs: readonly NewJob[],
  now: RawBuilder<unknown>,
): Promise<readonly (string | undefined)[]> {
  if (jobs.length === 0) return [];
  const given = jobs.map((job, n) => ({
    n,
    kind: job.kind,
    payload: job.payload ?? {},
    key: job.key ?? null,
    priority: job.priority ?? 0,
    run_at: job.runAt ?? null,
    retries: job.retries ?? 3,
  }));
  // Which row got which id: ids are drawn in the order of n, and those of a key that is pending are dropped.
  const { rows } = await sql<{ n: number; id: string }>`
    with given as (
      select nextval(pg_get_serial_sequence('jobs', 'id')) as id, g.* from (
        select * from jsonb_to_recordset(${storableJson(given)}::text::jsonb)
          as r(n integer, kind text, payload jsonb, key text, priority smallint, run_at float8, retries integer)
        order by n) g
    ), added as (
      insert into jobs (id, kind, payload, unique_key, priority, visible_at, retries, last_attempt, created_at)
      select id, kind, payload, key, priority, coalesce(to_timestamp(run_at / 1000), ${now}), retries, retries + 1, ${now}
      from given order by n
      on conflict (kind, unique_key) where state in ('waiting', 'running') do nothing
      returning id
    )
    select g.n, g.id::text from added join given g using (id)`.execute(db);
  const ids = new Map(rows.map(({ n, id }) => [n, id]));
  return jobs.map((_, n) => ids.get(n));
}

type KindsClaimed = Omit<ClaimOptions, "kinds"> & { readonly kinds: readonly string[] };

async function claim(
  db: Connection,
  { kinds, limit, visibilityMs, worker }: KindsClaimed,
  now: RawBuilder<unknown>,
): Promise<readonly ClaimedJob[]> {
  if (kinds.length === 0 || limit < 1) return [];
  const { rows } = await sql<ClaimedJob>`
    with due as (
      select id, state, kind, attempts, last_attempt, worker, claimed_at, visible_at from jobs
      where state in ('waiting', 'running') and visible_at <= ${now}
        and kind = any (array(select jsonb_array_elements_text(${storableJson(kinds)}::text::jsonb)))
      order by priority desc, id limit ${limit} for update skip locked
    ), lost as (
      insert into job_runs (job_id, attempt, kind, worker, outcome, started_at, finished_at, error_code)
      select id, attempts, kind, worker, 'lost', claimed_at, ${now}, 'lost' from due where state = 'running'
    ), claimed as (
      update jobs j set
        state = case when d.attempts < d.last_attempt then 'running' else 'dead' end,
        attempts = j.attempts + case when d.attempts < d.last_attempt then 1 else 0 end,
        finished_at = case when d.attempts < d.last_attempt then null else ${now} end,
        error_code = case when d.state = 'running' then 'lost' else j.error_code end,
        visible_at = ${now} + ${milliseconds(visibilityMs)},
        claimed_at = ${now}, worker = ${worker}
      from due d where j.id = d.id
      returning j.*, d.visible_at as due_at
    )
    select id::text, attempts as attempt, kind, payload, attempts >= last_attempt as last,
      (extract(epoch from ${now} - due_at) * 1000)::float8 as "waitedMs"
    from claimed where state = 'running' order by priority desc, claimed.id`.execute(db);
  return rows;
}

/** As {@link claim}, with bounds on kinds: who claims under a bound takes turns, or two would count the same room. */
function claimWithin(
  db: Connection,
  { kinds, limit, ...rest }: ClaimOptions,
  now: () => RawBuilder<unknown>,
): Promise<readonly ClaimedJob[]> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('futago jobs', 0))`.execute(trx);
    const { rows } = await sql<{ kind: string; running: number }>`
      select kind, count(*)::int as running from jobs where state = 'running' and visible_at > ${now()} group by kind`.execute(
      trx,
    );
    const running = new Map(rows.map((row) => [row.kind, row.running]));
    const claimed: ClaimedJob[] = [];
    // As many at a time as fit whichever kind they are of, so that the most urgent come first across kinds.
    while (claimed.length < limit) {
      const open = kinds
        .map(({ kind, concurrency = Number.POSITIVE_INFINITY }) => ({
          kind,
          room: concurrency - (running.get(kind) ?? 0),
        }))
        .filter(({ room }) => room > 0);
      const atOnce = Math.min(limit - claimed.length, ...open.map(({ room }) => room));
      const jobs = await claim(
        trx,
        { ...rest, kinds: open.map(({ kind }) => kind), limit: open.length === 0 ? 0 : atOnce },
        now(),
      );
      if (jobs.length === 0) break;
      claimed.push(...jobs);
      for (const { kind } of jobs) running.set(kind, (running.get(kind) ?? 0) + 1);
    }
    return claimed;
  });
}

function claimsGiven(claims: readonly { readonly id: string; readonly attempt: number }[]) {
  const rows = claims.map(({ id, attempt }) => ({ id, attempt }));
  return sql`jsonb_to_recordset(${storableJson(rows)}::text::jsonb) as g(id bigint, attempt integer)`;
}

/** What is no id of ours is nobody's. */
function asId(id: string): string {
  return /^\d{1,18}$/.test(id) ? id : "0";
}
