import { FutagoError } from "../../base/mod.ts";
import type { CatalogueSource, SourcePage, SourceWindow } from "../source.ts";
import type { DmmClient, DmmItemPage } from "./dmm-client.ts";
import { type DmmFloor, dmmFloorName, dmmItemIdPrefix, parseDmmFloor, parseDmmItemId } from "./dmm-floor.ts";
import type { DmmRow } from "./normalise-dmm-item.ts";

const day = 86_400_000;

/** Options of {@link createDmmSource}. */
export interface DmmSourceOptions {
  /** `site/service/floor` each, such as `FANZA/digital/videoa`; at least one. */
  readonly floors: readonly string[];
  /** Nothing older is read, in milliseconds since 1970. @default 1980-01-01 */
  readonly since?: number;
  /** How far ahead announced items are read, in days. @default 366 */
  readonly aheadDays?: number;
}

/**
 * The DMM catalogue as a source: a partition for each floor, windows of release dates.
 *
 * @param client Asks the API.
 * @param options Which floors, and from when to when.
 * @returns The source. Ids are `dmm:<site>:<service>:<floor>:<content_id>`: the same work on two floors is two items.
 * @throws RangeError For a floor that is none, or no floor.
 */
export function createDmmSource(client: DmmClient, options: DmmSourceOptions): CatalogueSource {
  const { since = Date.UTC(1980, 0, 1), aheadDays = 366 } = options;
  const floors = new Map(
    options.floors.map(parseDmmFloor).map((floor) => [dmmFloorName(floor), floor] as const),
  );
  if (floors.size === 0) throw new RangeError("Cannot read from the DMM API as at least one floor is needed");
  const floorOf = ({ partition }: SourceWindow): DmmFloor => {
    const floor = floors.get(partition);
    if (floor !== undefined) return floor;
    throw new RangeError(
      `Cannot read a window as its partition must be one of ${[...floors.keys()].join(", ")}`,
    );
  };
  const { hits, maxOffset } = client.limits;
  const list = async (
    window: SourceWindow,
    query: { readonly offset?: number; readonly hits?: number },
    signal: AbortSignal | undefined,
  ): Promise<DmmItemPage> => {
    const floor = floorOf(window);
    // Less than a second, between two seconds: no item can be dated so.
    if (Math.ceil(window.from / 1000) >= Math.ceil(window.to / 1000)) return { rows: [], total: 0 };
    const { from, to } = window;
    return client.items({ floor, from, to, ...query }, signal === undefined ? {} : { signal });
  };
  return {
    name: "dmm",
    // The count stops at the ceiling, and rows move while they are paged: a page is left free below it.
    limits: { pageSize: hits, maxWindowRows: maxOffset - hits, windowMs: 30 * day, minWindowMs: 1000 },
    async partitions(request = {}) {
      const listed = new Set((await client.floors(request)).map(dmmFloorName));
      const unknown = [...floors.keys()].filter((name) => !listed.has(name));
      if (unknown.length > 0) {
        throw new FutagoError(
          "source_rejected",
          `Cannot read from the DMM API as it must list every floor: current list lacks ${unknown.join(", ")}`,
        );
      }
      const to = (Math.floor(client.clock.now() / day) + 1 + aheadDays) * day;
      return [...floors].map(([id, floor]) => ({ id, idPrefix: dmmItemIdPrefix(floor), from: since, to }));
    },
    count: async (window, { signal } = {}) => (await list(window, { hits: 1 }, signal)).total,
    async some(ids, { signal } = {}) {
      const found: DmmRow[] = [];
      for (const [id, query] of ids.map((id) => [id, parseDmmItemId(id)] as const)) {
        const { rows } = await client.items(query, signal === undefined ? {} : { signal });
        // What else the API may answer was not asked for.
        found.push(...rows.filter((row) => row.id === id));
      }
      return pageOf(found, found.length);
    },
    async page(window, { offset, signal }) {
      if (!(Number.isInteger(offset) && offset >= 0 && offset < maxOffset)) {
        throw new RangeError(
          `Cannot page a window as offset must be from 0 to ${maxOffset - 1}: current value is ${offset}; split the window`,
        );
      }
      const { rows, total } = await list(window, { offset: offset + 1 }, signal);
      return pageOf(rows, total);
    },
  };
}

function pageOf(rows: readonly DmmRow[], total: number): SourcePage {
  return {
    items: rows.flatMap(({ item }) => item ?? []),
    issues: rows.flatMap(({ issues }) => issues),
    ids: rows.flatMap(({ id }) => id ?? []),
    rows: rows.length,
    total,
  };
}
