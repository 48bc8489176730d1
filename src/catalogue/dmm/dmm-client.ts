import type { Clock } from "../../base/mod.ts";
import { createDmmAsk, type DmmClientOptions, unreadable } from "./dmm-ask.ts";
import { checkedDmmCredentials, scrubber } from "./dmm-credentials.ts";
import { type DmmFloor, dmmFloorName } from "./dmm-floor.ts";
import { type DmmLimits, resolveDmmLimits } from "./dmm-limits.ts";
import { dmmList, dmmMomentText, isRecord } from "./dmm-values.ts";
import { type DmmRow, normaliseDmmItem } from "./normalise-dmm-item.ts";

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
  /** That work alone. */
  readonly contentId?: string;
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
  const ask = createDmmAsk({ ...options, credentials, limits });
  return {
    limits,
    clock: options.clock,
    async floors({ signal } = {}) {
      const result = await ask("FloorList", {}, signal);
      return scrub(floorsIn(result));
    },
    async items(query, { signal } = {}) {
      const { floor, from, to, offset = 1, hits = limits.hits, contentId } = query;
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
          ...(contentId === undefined ? {} : { cid: contentId }),
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
