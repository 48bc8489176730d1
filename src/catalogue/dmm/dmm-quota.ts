import { type Clock, FutagoError } from "../../base/mod.ts";
import type { DmmLimits } from "./dmm-limits.ts";
import { jstOffsetMs } from "./dmm-values.ts";

const day = 86_400_000;

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

const untouched: DmmQuotaState = { day: "", used: 0, refusals: 0, pausedUntil: 0 };

/** Where the state of one key is kept, for all that ask with it. */
export interface DmmQuotaStore {
  /** Replaces the state by what `change` makes of it, with nobody else's change in between; where it throws, nothing is changed. */
  update(change: (state: DmmQuotaState | undefined) => DmmQuotaState): Promise<void>;
}

/** A store that forgets when the process ends. */
export function createMemoryDmmQuotaStore(): DmmQuotaStore {
  let kept: DmmQuotaState | undefined;
  return {
    update: async (change) => {
      kept = change(kept);
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
  let refusedBefore = false;
  return {
    take: () =>
      // Before it is sent: a process that is killed must not forget what it asked.
      store.update((kept) => {
        const now = clock.now();
        const state = kept ?? untouched;
        // What a clock that was years ahead has written must not lock the key for years.
        const longest = Math.max(day, limits.quotaPauseMs);
        if (now < state.pausedUntil && state.pausedUntil - now <= longest) {
          throw exhausted(state.pausedUntil, "refused");
        }
        // A clock that was set back, by no more than a day, does not open the budget again.
        const [today, tomorrow] = [dayInJapan(now), dayInJapan(now + day)];
        const counted = state.day === today || state.day === tomorrow;
        const used = counted ? state.used : 0;
        if (used >= limits.dailyRequests) throw exhausted(nextInJapan(now, 0), "budget");
        refusedBefore = state.refusals > 0;
        return { ...state, day: counted ? state.day : today, used: used + 1 };
      }),
    async answered() {
      if (!refusedBefore) return;
      await store.update((state = untouched) => ({ ...state, refusals: 0, pausedUntil: 0 }));
    },
    async refused() {
      const now = clock.now();
      let pausedUntil = 0;
      await store.update((state = untouched) => {
        pausedUntil = state.refusals === 0 ? now + limits.quotaPauseMs : nextInJapan(now, 5);
        return { ...state, refusals: state.refusals + 1, pausedUntil };
      });
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
  const offset = jstOffsetMs - minutes * 60_000;
  return (Math.floor((now + offset) / day) + 1) * day - offset;
}
