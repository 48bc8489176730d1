import { type Clock, type Fetch, FutagoError, type Random } from "../../base/mod.ts";
import { readDmmAnswer } from "./dmm-answer.ts";
import { checkedDmmCredentials, type DmmCredentials, scrubber } from "./dmm-credentials.ts";
import { type DmmFloor, dmmFloorName } from "./dmm-floor.ts";
import { type DmmLimits, resolveDmmLimits } from "./dmm-limits.ts";
import { createDmmQuota, createMemoryDmmQuotaStore, type DmmQuotaStore } from "./dmm-quota.ts";
import { dmmList, dmmMomentText, isRecord } from "./dmm-values.ts";
import { type DmmRow, normaliseDmmItem } from "./normalise-dmm-item.ts";

/** What {@link createDmmClient} needs. */
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

/** What to list. */
export interface DmmItemQuery {
  readonly floor: DmmFloor;
  /** Dated from here (included), in milliseconds since 1970. */
  readonly from?: number;
  /** Dated before this. */
  readonly to?: number;
  /** The first row, counted from 1. @default 1 */
  readonly offset?: number;
  /** @default limits.hits */
  readonly hits?: number;
}

/** Rows of an answer of ItemList, normalised. */
export interface DmmItemPage {
  readonly rows: readonly DmmRow[];
  /** Rows of the whole question, as the API counts them. */
  readonly total: number;
}

/** A client of the DMM Affiliate API v3, for one key. One request at a time, however many callers there are. */
export interface DmmClient {
  readonly limits: DmmLimits;
  /** The clock it was given. */
  readonly clock: Clock;
  /** Every floor that the API lists. */
  floors(options?: { readonly signal?: AbortSignal }): Promise<readonly DmmFloor[]>;
  /**
   * Items of a floor, newest first.
   *
   * @throws RangeError For an offset or hits that paging does not reach.
   * @throws FutagoError `source_unreadable` where no attempt was answered, `source_rejected` where the API calls the question
   * wrong, `source_exhausted` (with `details.retryAt`) where the key has asked enough, `cancelled`.
   */
  items(query: DmmItemQuery, options?: { readonly signal?: AbortSignal }): Promise<DmmItemPage>;
}

/**
 * A client of the DMM Affiliate API v3. Only normalised data and its own errors leave it: answers repeat the credentials,
 * and what the network throws may hold the address with them.
 *
 * @param options Credentials, platform and limits.
 * @returns The client; nothing has been asked yet.
 * @throws TypeError For credentials of another form.
 * @throws RangeError For limits out of range.
 */
export function createDmmClient(options: DmmClientOptions): DmmClient {
  const credentials = checkedDmmCredentials(options.credentials);
  const limits = resolveDmmLimits(options.limits);
  const scrub = scrubber(credentials);
  const ask = createAsk({ ...options, credentials, limits });
  return {
    limits,
    clock: options.clock,
    async floors({ signal } = {}) {
      const result = await ask("FloorList", {}, signal);
      return scrub(floorsIn(result));
    },
    async items(query, { signal } = {}) {
      const { floor, from, to, offset = 1, hits = limits.hits } = query;
      if (!(Number.isInteger(offset) && offset >= 1 && offset <= limits.maxOffset)) {
        throw new RangeError(
          `Cannot list items as offset must be from 1 to ${limits.maxOffset}: current value is ${offset}; split the window`,
        );
      }
      if (!(Number.isInteger(hits) && hits >= 1 && hits <= limits.hits)) {
        throw new RangeError(
          `Cannot list items as hits must be from 1 to ${limits.hits}: current value is ${hits}`,
        );
      }
      const result = await ask(
        "ItemList",
        {
          site: floor.site,
          service: floor.service,
          floor: floor.floor,
          hits: String(hits),
          offset: String(offset),
          sort: "date",
          // Both ends are included and know whole seconds: the last second before `to` is the end.
          ...(from === undefined ? {} : { gte_date: dmmMomentText(Math.ceil(from / 1000) * 1000) }),
          ...(to === undefined ? {} : { lte_date: dmmMomentText(Math.ceil(to / 1000) * 1000 - 1000) }),
        },
        signal,
      );
      const total = Number(result.total_count);
      if (!Number.isSafeInteger(total) || total < 0) throw unreadable("an answer without total_count");
      const file = `dmm/${dmmFloorName(floor)}`;
      const rows = dmmList(result.items).map((raw, index) =>
        scrub(normaliseDmmItem(raw, { floor, file, line: offset + index })),
      );
      return { rows, total };
    },
  };
}

type Ask = (
  path: DmmLogEntry["path"],
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
) => Promise<Readonly<Record<string, unknown>>>;

function createAsk(options: DmmClientOptions & { readonly limits: DmmLimits }): Ask {
  const { credentials, fetch, clock, random, sleep, limits, log } = options;
  const { baseUrl = "https://api.dmm.com/affiliate/v3", quota: store = createMemoryDmmQuotaStore() } =
    options;
  const quota = createDmmQuota({ clock, limits, store });
  let startedAt = Number.NEGATIVE_INFINITY;

  const attempt: (...question: Parameters<Ask>) => Promise<ReturnType<typeof readDmmAnswer>> = async (
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

  const askNow: Ask = async (path, parameters, signal) => {
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

function unreadable(current: string): FutagoError {
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

function floorsIn(result: Readonly<Record<string, unknown>>): readonly DmmFloor[] {
  const members = (parent: unknown, member: string): readonly Readonly<Record<string, unknown>>[] =>
    isRecord(parent) ? dmmList(parent[member]).filter(isRecord) : [];
  const floors: DmmFloor[] = [];
  for (const site of members(result, "site")) {
    if (site.code !== "FANZA" && site.code !== "DMM.com") continue;
    for (const service of members(site, "service")) {
      for (const floor of members(service, "floor")) {
        if (typeof service.code !== "string" || typeof floor.code !== "string") continue;
        floors.push({ site: site.code, service: service.code, floor: floor.code });
      }
    }
  }
  return floors;
}
