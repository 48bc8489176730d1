import { type Clock, FutagoError } from "../../base/mod.ts";
import type { DmmLimits } from "./dmm-limits.ts";
import { jstOffsetMs } from "./dmm-values.ts";

/** What is remembered of a key between two runs. Plain data, without the key. */
export interface DmmQuotaState {
  /** The day in Japan that `used` counts: `2026-11-20`. */
  readonly day: string;
  readonly used: number;
  /** Times in a row that the API said it had answered enough. */
  readonly refusals: number;
  /** Nothing is asked before, in milliseconds since 1970; 0 where nothing stands against asking. */
  readonly pausedUntil: number;
}

/** Where the state of a key is kept: of one writer at a time. */
export interface DmmQuotaStore {
  read(): Promise<DmmQuotaState | undefined>;
  write(state: DmmQuotaState): Promise<void>;
}

/** A store that forgets when the process ends. */
export function createMemoryDmmQuotaStore(): DmmQuotaStore {
  let kept: DmmQuotaState | undefined;
  return {
    read: async () => kept,
    write: async (state) => {
      kept = state;
    },
  };
}

/** Whether the API may be asked now. */
export interface DmmQuota {
  /**
   * Takes one request out of the day's budget.
   *
   * @throws FutagoError `source_exhausted` where there is none left, or the API has to be left alone.
   */
  take(): Promise<void>;
  /** The API answered. */
  answered(): Promise<void>;
  /** The API said that it had answered enough; gives the error to throw. */
  refused(): Promise<FutagoError>;
}

/**
 * The budget of a day, and a circuit breaker: the API throttles a key by calling its requests bad, and recovers around
 * midnight in Japan. After the first refusal it is left alone for some minutes, after the next until 00:05.
 *
 * @param options Time, limits, and where to remember.
 * @returns The quota of one key.
 */
export function createDmmQuota(options: {
  readonly clock: Clock;
  readonly limits: DmmLimits;
  readonly store: DmmQuotaStore;
}): DmmQuota {
  const { clock, limits, store } = options;
  let state: DmmQuotaState | undefined;
  const current = async (): Promise<DmmQuotaState> => {
    state ??= (await store.read()) ?? { day: "", used: 0, refusals: 0, pausedUntil: 0 };
    const day = dayInJapan(clock.now());
    // A clock that was set back does not open the budget of a day again.
    if (day > state.day) state = { ...state, day, used: 0 };
    return state;
  };
  const keep = async (next: DmmQuotaState): Promise<void> => {
    state = next;
    await store.write(next);
  };
  return {
    async take() {
      const now = clock.now();
      const known = await current();
      if (now < known.pausedUntil) throw exhausted(known.pausedUntil, "refused");
      if (known.used >= limits.dailyRequests) throw exhausted(nextInJapan(now, 0), "budget");
      // Before it is sent: a process that is killed must not forget what it asked.
      await keep({ ...known, used: known.used + 1, pausedUntil: 0 });
    },
    async answered() {
      const known = await current();
      if (known.refusals > 0) await keep({ ...known, refusals: 0, pausedUntil: 0 });
    },
    async refused() {
      const now = clock.now();
      const known = await current();
      const pausedUntil = known.refusals === 0 ? now + limits.quotaPauseMs : nextInJapan(now, 5);
      await keep({ ...known, refusals: known.refusals + 1, pausedUntil });
      return exhausted(pausedUntil, "refused");
    },
  };
}

function exhausted(retryAt: number, reason: "refused" | "budget"): FutagoError {
  const why =
    reason === "budget"
      ? "the day's requests are used up"
      : "it refuses the key, as it does of one that asked too much (or that is wrong)";
  return new FutagoError(
    "source_exhausted",
    `Cannot ask the DMM API now as ${why}: ask again at ${new Date(retryAt).toISOString()}`,
    { details: { retryAt, reason } },
  );
}

function dayInJapan(now: number): string {
  return new Date(now + jstOffsetMs).toISOString().slice(0, 10);
}

/** The next time that it is so many minutes past midnight in Japan. */
function nextInJapan(now: number, minutes: number): number {
  const day = 86_400_000;
  const offset = jstOffsetMs - minutes * 60_000;
  return (Math.floor((now + offset) / day) + 1) * day - offset;
}
