import { type Clock, type Fetch, FutagoError, type Random } from "../../base/mod.ts";
import { type DmmAnswer, readDmmAnswer } from "./dmm-answer.ts";
import type { DmmCredentials } from "./dmm-credentials.ts";
import type { DmmLimits } from "./dmm-limits.ts";
import { createDmmQuota, createMemoryDmmQuotaStore, type DmmQuotaStore } from "./dmm-quota.ts";

/** What `createDmmClient` needs. */
export interface DmmClientOptions {
  readonly credentials: DmmCredentials;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly random: Random;
  /** Waits so many milliseconds; ends early, by rejecting or not, where the signal does. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly limits?: Partial<DmmLimits>;
  /** Where the day's budget and the API's refusals are remembered. @default in memory, for the life of the client */
  readonly quota?: DmmQuotaStore;
  /** @default "https://api.dmm.com/affiliate/v3" */
  readonly baseUrl?: string;
  /** Told of every attempt that failed. */
  readonly log?: (entry: DmmLogEntry) => void;
}

/** One attempt that failed; no address, no credential, no title. */
export interface DmmLogEntry {
  readonly path: "ItemList" | "FloorList";
  /** Counted from 1. */
  readonly attempt: number;
  readonly reason: string;
  /** How long until the next attempt; absent where there is none. */
  readonly waitMs?: number;
}

/** Asks one question and gives the `result` of its answer. */
export type DmmAsk = (
  path: DmmLogEntry["path"],
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
) => Promise<Readonly<Record<string, unknown>>>;

/**
 * Asks one question after the other, each until it is answered, refused or given up.
 *
 * @param options Checked credentials and resolved limits among them.
 * @returns The way to ask; fails as `DmmClient.items` says.
 */
export function createDmmAsk(options: DmmClientOptions & { readonly limits: DmmLimits }): DmmAsk {
  const { credentials, fetch, clock, random, sleep, limits, log } = options;
  const { baseUrl = "https://api.dmm.com/affiliate/v3", quota: store = createMemoryDmmQuotaStore() } =
    options;
  const quota = createDmmQuota({ clock, limits, store });
  let startedAt = Number.NEGATIVE_INFINITY;

  const attempt: (...question: Parameters<DmmAsk>) => Promise<DmmAnswer> = async (
    path,
    parameters,
    signal,
  ) => {
    const query = new URLSearchParams({
      api_id: credentials.apiId,
      affiliate_id: credentials.affiliateId,
      output: "json",
      ...parameters,
    });
    const late = AbortSignal.timeout(limits.timeoutMs);
    try {
      const response = await fetch(`${baseUrl}/${path}?${query}`, {
        // Elsewhere the credentials have no business.
        redirect: "error",
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
      return readDmmAnswer(response.status, await response.text());
    } catch {
      // What was thrown may hold the address, and the address the credentials: only its kind is told.
      return { kind: "failed", reason: late.aborted ? "no answer in time" : "a broken connection" };
    }
  };

  const askNow: DmmAsk = async (path, parameters, signal) => {
    for (let count = 1; ; count++) {
      throwIfAborted(signal);
      const wait = startedAt + limits.intervalMs - clock.now();
      // A clock that was set back must not hold requests back for long.
      if (wait > 0) await waitFor(sleep, Math.min(wait, limits.intervalMs), signal);
      await quota.take();
      startedAt = clock.now();
      const answer = await attempt(path, parameters, signal);
      throwIfAborted(signal);
      if (answer.kind !== "failed") {
        if (answer.kind === "refused") {
          log?.({ path, attempt: count, reason: "the key was refused" });
          throw await quota.refused();
        }
        await quota.answered();
        if (answer.kind === "ok") return answer.result;
        throw rejected(answer);
      }
      const last = count >= limits.attempts;
      const waitMs = Math.round(limits.backoffMs * 2 ** (count - 1) * (0.5 + random.next()));
      log?.({ path, attempt: count, reason: answer.reason, ...(last ? {} : { waitMs }) });
      if (last) throw unreadable(`${answer.reason}, ${count} times`);
      await waitFor(sleep, waitMs, signal);
    }
  };

  let before: Promise<unknown> = Promise.resolve();
  return (...question) => {
    const mine = before.then(() => askNow(...question));
    before = mine.catch(() => {});
    return mine;
  };
}

async function waitFor(
  sleep: DmmClientOptions["sleep"],
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await sleep(ms, signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
  throwIfAborted(signal);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new FutagoError("cancelled", "Cannot ask the DMM API as the work was cancelled");
}

/** The API could not be reached or understood. */
export function unreadable(current: string): FutagoError {
  return new FutagoError(
    "source_unreadable",
    `Cannot read from the DMM API as it must answer: current answer is ${current}; try again later`,
  );
}

function rejected({ status, parameters }: { status: number; parameters: readonly string[] }): FutagoError {
  const which = parameters.length === 0 ? "" : `, because of ${parameters.join(", ")}`;
  return new FutagoError(
    "source_rejected",
    `Cannot read from the DMM API as it must know the question: current answer is status ${status}${which}`,
    { details: { status, parameters } },
  );
}
