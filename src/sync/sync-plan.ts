import type {
  CatalogueSource,
  SourceLimits,
  SourcePage,
  SourcePartition,
  SourceWindow,
} from "../catalogue/mod.ts";
import type { PlannedWindow, SyncCursor, SyncMode, WindowPosition } from "./sync-cursor.ts";

/** How often a window that changes while it is read is begun anew before it is left as it came. */
const maxAgain = 2;

/** What {@link planSync} is given. */
export interface PlanOptions {
  readonly mode: SyncMode;
  readonly sweep: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** An incremental sync reads from so long ago on. */
  readonly recentMs: number;
  /** Limits what is read to items dated from then on. */
  readonly from?: number;
}

/**
 * A sync that has read nothing yet.
 *
 * @param partitions Which; each is one window to begin with.
 * @param options What for.
 * @returns Its cursor.
 */
export function planSync(partitions: readonly SourcePartition[], options: PlanOptions): SyncCursor {
  const { mode, sweep, now } = options;
  const from = Math.max(options.from ?? -Infinity, mode === "full" ? -Infinity : now - options.recentMs);
  return {
    mode,
    sweep,
    startedAt: now,
    ...(options.from === undefined ? {} : { from: options.from }),
    partitions: partitions.map((partition) => ({
      id: partition.id,
      idPrefix: partition.idPrefix,
      whole: mode === "full" && from <= partition.from,
    })),
    pending: partitions
      .map(({ id, from: start, to }) => ({ partition: id, from: Math.max(start, from), to }))
      .filter((window) => window.from < window.to),
    pages: 0,
    rows: 0,
  };
}

/** The next page to ask for, and the cursor that the question belongs to. */
export interface PlannedPage {
  readonly cursor: SyncCursor;
  readonly window: SourceWindow;
  readonly offset: number;
}

/**
 * What to ask next. Windows that are known to be too large are split without asking.
 *
 * @param cursor Where the sync stands.
 * @param limits Of the source.
 * @returns The question; undefined where everything was read.
 */
export function nextPage(cursor: SyncCursor, limits: SourceLimits): PlannedPage | undefined {
  let pending = cursor.pending;
  for (;;) {
    const [window] = pending;
    if (window === undefined) return undefined;
    const halves = (window.atLeast ?? 0) > pageable(limits) ? split(window, limits) : undefined;
    if (halves !== undefined) {
      pending = [...withTotal(halves, window.atLeast!), ...pending.slice(1)];
      continue;
    }
    const { partition, from, to } = window;
    return {
      cursor: pending === cursor.pending ? cursor : { ...cursor, pending },
      window: { partition, from, to },
      offset: cursor.position?.offset ?? 0,
    };
  }
}

/** Where a sync stands after a page. */
export interface ReadPage {
  readonly cursor: SyncCursor;
  /** Whether the page belongs to what is kept; the first page of a window that is split comes again. */
  readonly kept: boolean;
  /** A window that could not be read whole: larger than can be paged, or changing each time it is read. */
  readonly unread?: "too_large" | "changing";
}

/**
 * Goes on after a page. The first page of a window says how many rows there are: too many, and the window is split in
 * halves; of the second half's size enough is known from the first's.
 *
 * @param planned What was asked.
 * @param page What came.
 * @param options `seen`: ids of the window that came before; is added to. `limits`: of the source.
 * @returns Where the sync stands now.
 */
export function afterPage(
  planned: PlannedPage,
  page: Pick<SourcePage, "ids" | "rows" | "total">,
  options: { readonly seen: Set<string>; readonly limits: CatalogueSource["limits"] },
): ReadPage {
  const { seen, limits } = options;
  const pages = planned.cursor.pages + 1;
  const cursor: SyncCursor = { ...planned.cursor, pages, rows: planned.cursor.rows + page.rows };
  const [window, ...rest] = tellNext(cursor.pending, planned.offset === 0 ? page.total : undefined);
  const { position } = cursor;
  const largest = pageable(limits);
  if (planned.offset === 0) {
    seen.clear();
    const halves = page.total > largest ? split(window!, limits) : undefined;
    if (halves !== undefined) {
      const pending = [...withTotal(halves, page.total), ...rest];
      return { cursor: { ...withoutPosition(cursor), rows: planned.cursor.rows, pending }, kept: false };
    }
  }
  // Of a source without windows rows come in one stream: none can slip over the edge of a page, and an id may occur twice.
  const known = seen.size;
  if (limits.windowMs !== undefined) for (const id of page.ids) seen.add(id);
  const fresh = limits.windowMs === undefined ? page.ids.length : seen.size - known;
  // A row without an id that could be read is taken for one of its own.
  const distinct = (position?.distinct ?? 0) + fresh + (page.rows - page.ids.length);
  const total = planned.offset === 0 ? page.total : position!.total;
  const again = position?.again ?? 0;
  const offset = planned.offset + page.rows;
  const at: WindowPosition = { offset, total, distinct, again };
  const changed = page.total !== total;
  const ended = offset >= page.total || page.rows === 0 || offset >= largest;
  if (!ended && !changed)
    return { cursor: { ...cursor, pending: [window!, ...rest], position: at }, kept: true };
  if (offset >= largest && page.total > largest) return unread(cursor, { rest, reason: "too_large" });
  if (!changed && distinct === total)
    return { cursor: { ...withoutPosition(cursor), pending: rest }, kept: true };
  if (again === maxAgain && !ended)
    return { cursor: { ...cursor, position: { ...at, total: page.total } }, kept: true };
  if (again === maxAgain) return unread(cursor, { rest, reason: "changing" });
  // Rows moved between pages while the window was read: what was missed cannot be told from what came.
  seen.clear();
  const anew: WindowPosition = { offset: 0, total: 0, distinct: 0, again: again + 1 };
  return { cursor: { ...cursor, pending: [window!, ...rest], position: anew }, kept: true };
}

/** What the plan knows of the rows that are left: at least so many. */
export function rowsLeft({ pending, position }: SyncCursor): number {
  const planned = pending.slice(position === undefined ? 0 : 1);
  const rest = planned.reduce((sum, { atLeast = 0, withNext = 0 }) => sum + Math.max(atLeast, withNext), 0);
  return rest + (position === undefined ? 0 : position.total - position.offset);
}

function pageable({ windowMs, maxWindowRows }: SourceLimits): number {
  return windowMs === undefined ? Infinity : maxWindowRows;
}

function split(
  window: SourceWindow,
  { minWindowMs }: SourceLimits,
): [SourceWindow, SourceWindow] | undefined {
  const { partition, from, to } = window;
  const steps = Math.floor((to - from) / minWindowMs / 2);
  if (steps < 1) return undefined;
  const middle = from + steps * minWindowMs;
  return [
    { partition, from, to: middle },
    { partition, from: middle, to },
  ];
}

// The total may be less than there is, as a source stops counting somewhere, and never more.
function withTotal([earlier, later]: readonly [SourceWindow, SourceWindow], total: number): PlannedWindow[] {
  return [{ ...earlier, withNext: total }, later];
}

/** Once the size of an earlier half is known, that of the later one is at least the rest. */
function tellNext(pending: readonly PlannedWindow[], total: number | undefined): readonly PlannedWindow[] {
  const [window, next, ...rest] = pending;
  if (total === undefined || window?.withNext === undefined || next === undefined) return pending;
  const { withNext, ...own } = window;
  return [own, { ...next, atLeast: withNext - total }, ...rest];
}

function unread(
  cursor: SyncCursor,
  { rest, reason }: { readonly rest: readonly PlannedWindow[]; readonly reason: "too_large" | "changing" },
): ReadPage {
  const partition = cursor.pending[0]!.partition;
  const partitions = cursor.partitions.map((each) =>
    each.id === partition ? { ...each, whole: false } : each,
  );
  return { cursor: { ...withoutPosition(cursor), pending: rest, partitions }, kept: true, unread: reason };
}

function withoutPosition({ position: _, ...cursor }: SyncCursor): SyncCursor {
  return cursor;
}
