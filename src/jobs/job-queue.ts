/** Where a job stands. `waiting` and `running` are pending; of these there is one to a key. */
export type JobState = "waiting" | "running" | "done" | "dead" | "cancelled";

/** Something to be done. */
export interface NewJob {
  /** Which handler does it. */
  readonly kind: string;
  /** Plain data for the handler. Never personal data: it is kept, listed and shown. @default {} */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** While a job of this kind and key is pending, another is not taken in. */
  readonly key?: string;
  /** Higher comes first; -32768 to 32767. @default 0 */
  readonly priority?: number;
  /** Not before this moment, in milliseconds since 1970. @default at once */
  readonly runAt?: number;
  /** How often it is tried again after a failure. @default 3 */
  readonly retries?: number;
}

/** A job as it is kept. Times are milliseconds since 1970. */
export interface Job {
  readonly id: string;
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly key: string | null;
  readonly priority: number;
  readonly state: JobState;
  /** When it may next be claimed: while it runs, when its claim ends. */
  readonly visibleAt: number;
  /** Claims so far. */
  readonly attempts: number;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** Of its last failure. */
  readonly errorCode: string | null;
}

/** The right to do a job, until its visibility ends. A later claim of the same job has a higher attempt. */
export interface Claim {
  readonly id: string;
  readonly attempt: number;
}

/** A job that was claimed. */
export interface ClaimedJob extends Claim {
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Whether a failure of this attempt is the last: the job is dead then. */
  readonly last: boolean;
  /** How long it waited from when it might be claimed, in milliseconds. */
  readonly waitedMs: number;
}

/** What is claimed. */
export interface ClaimOptions {
  /** Kinds and how many of each may run at once, all workers together; absent: any number. */
  readonly kinds: readonly { readonly kind: string; readonly concurrency?: number }[];
  /** At most so many jobs. */
  readonly limit: number;
  /** For how long nobody else may claim them, in milliseconds. */
  readonly visibilityMs: number;
  /** Who claims, for the record; the name of a machine or a process. */
  readonly worker: string;
}

/** What a job did, for its record. Numbers and names of versions: never ids, titles or messages. */
export interface JobResult {
  readonly counts?: Readonly<Record<string, number>>;
  readonly modelVersion?: string;
  /** Why something was not done, in our own words. */
  readonly reason?: string;
}

/** Why an attempt failed. */
export interface JobFailure {
  /** A code, never a message. */
  readonly code: string;
  /** Try again after so many milliseconds; absent: never, the job is dead. Ignored on the last attempt. */
  readonly retryInMs?: number;
}

/** One attempt at a job. */
export interface JobRun {
  readonly jobId: string;
  readonly attempt: number;
  readonly kind: string;
  readonly worker: string;
  /** `lost`: its worker let its claim end, as one that was killed does. */
  readonly outcome: "done" | "failed" | "lost" | "cancelled";
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly errorCode: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly modelVersion: string | null;
  readonly reason: string | null;
}

/** What there is of one kind. */
export interface KindStats {
  readonly kind: string;
  readonly waiting: number;
  readonly running: number;
  readonly dead: number;
  /** How long the oldest that might be claimed has waited, in milliseconds; 0 where none is. */
  readonly oldestMs: number;
}

/** A job that is enqueued at moments of a calendar. */
export interface JobSchedule {
  readonly name: string;
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Cron syntax: minute, hour, day, month, weekday; with six fields seconds come first. */
  readonly cron: string;
  /** IANA name, for example `Asia/Tokyo`. */
  readonly timeZone: string;
  readonly enabled: boolean;
  /** The moment it last fired for, in milliseconds since 1970. */
  readonly lastTick: number | null;
  /** Moments before do not count. */
  readonly since: number;
}

/**
 * Jobs that are done at least once each: what is claimed and neither finished nor extended can be claimed again. The
 * work of a job must therefore bear being done twice. Implemented over Postgres in `adapters/postgres`.
 */
export interface JobQueue {
  /** Their ids, in order; undefined where a job of that kind and key is pending. */
  enqueue(jobs: readonly NewJob[]): Promise<readonly (string | undefined)[]>;
  /** The most urgent jobs that may be claimed; those whose last attempt was lost become dead instead. */
  claim(options: ClaimOptions): Promise<readonly ClaimedJob[]>;
  /** Keeps claims for another `visibilityMs` from now; gives those that still hold. */
  extend(claims: readonly Claim[], visibilityMs: number): Promise<readonly Claim[]>;
  /** Marks as done; gives those whose claim still held. Of the others nothing is recorded. */
  finish(finished: readonly (Claim & { readonly result?: JobResult })[]): Promise<readonly Claim[]>;
  /** What the job is now; undefined where the claim no longer held. */
  fail(claim: Claim, failure: JobFailure): Promise<"waiting" | "dead" | undefined>;
  /** Gives claims back without counting the attempt, as a worker that is told to stop does. */
  release(claims: readonly Claim[]): Promise<void>;
  /** Whether it was pending. What runs is told when it next extends its claim. */
  cancel(id: string): Promise<boolean>;
  /** Makes a dead or cancelled job wait again; false where it is neither, or another of its key is pending. */
  retry(id: string): Promise<boolean>;
  /** Newest first. */
  list(options?: {
    readonly state?: JobState;
    readonly kind?: string;
    /** @default 50 */
    readonly limit?: number;
  }): Promise<readonly Job[]>;
  /** Attempts, newest first. */
  runs(options?: {
    readonly kind?: string;
    readonly jobId?: string;
    readonly outcome?: JobRun["outcome"];
    /** @default 50 */
    readonly limit?: number;
  }): Promise<readonly JobRun[]>;
  stats(): Promise<readonly KindStats[]>;
  /** Removes what ended before a moment, with its runs; gives how many jobs. Dead ones stay. */
  prune(before: number): Promise<number>;
  /** By name. */
  schedules(): Promise<readonly JobSchedule[]>;
  /** Adds or changes a schedule; a change of its times counts from now on. */
  putSchedule(schedule: Omit<JobSchedule, "lastTick" | "since">): Promise<void>;
  removeSchedule(name: string): Promise<boolean>;
  /**
   * Enqueues the job of a schedule for one moment, under the schedule's name as its key; true for exactly one of all who
   * ask for that moment or an earlier one.
   */
  fire(name: string, tick: number): Promise<boolean>;
}
