import type { Clock, ProgressTask } from "../base/mod.ts";
import type { CatalogueSource, SourcePage } from "../catalogue/mod.ts";
import type { PageQueue } from "./page-queue.ts";
import type { SyncCursor } from "./sync-cursor.ts";
import { afterPage, nextPage, rowsLeft } from "./sync-plan.ts";

/** What {@link readWindows} works with. */
export interface ReadWindowsOptions {
  readonly source: CatalogueSource;
  /** Where pages go; is closed at the end. */
  readonly queue: PageQueue;
  /** Asked before each page. */
  readonly stopped: () => boolean;
  readonly signal: AbortSignal | undefined;
  readonly task: ProgressTask;
  readonly clock: Clock;
}

/** How far reading came. */
export interface ReadSoFar {
  readonly cursor: SyncCursor;
  readonly pages: number;
  readonly rows: number;
  readonly issues: number;
  readonly unread: number;
}

const nothing: SourcePage = { items: [], issues: [], ids: [], rows: 0, total: 0 };

/**
 * Reads windows one page after the other until all are read or it is told to stop.
 *
 * @param from Where to begin.
 * @param options Source and queue.
 * @returns How far it came.
 */
export async function readWindows(from: SyncCursor, options: ReadWindowsOptions): Promise<ReadSoFar> {
  const { source, queue, stopped, signal, task, clock } = options;
  const { limits } = source;
  const began = clock.now();
  const seen = new Set<string>();
  let [cursor, pages, rows, issues, unread] = [from, 0, 0, 0, 0];
  try {
    while (!stopped()) {
      const planned = nextPage(cursor, limits);
      if (planned === undefined) break;
      const { window, offset } = planned;
      const page = await source.page(window, { offset, ...(signal === undefined ? {} : { signal }) });
      pages++;
      const after = afterPage(planned, page, { seen, limits });
      cursor = after.cursor;
      if (after.unread !== undefined) unread++;
      if (after.kept) {
        rows += page.rows;
        issues += page.issues.length;
        task.advance(page.rows);
      }
      // What a page that comes again held is not needed, but that its window was split is.
      if (!(await queue.put({ page: after.kept ? page : nothing, offset, cursor }))) break;
      task.note(paceOf({ rows, pages, left: rowsLeft(cursor), seconds: (clock.now() - began) / 1000 }));
    }
    return { cursor, pages, rows, issues, unread };
  } catch (error) {
    // Stopped while waiting for a page: as if before it.
    if (signal?.aborted) return { cursor, pages, rows, issues, unread };
    throw error;
  } finally {
    queue.close();
  }
}

function paceOf(so: { rows: number; pages: number; left: number; seconds: number }): string {
  const { rows, pages, left, seconds } = so;
  if (seconds <= 0 || rows === 0) return `${pages} pages`;
  const perSecond = rows / seconds;
  const minutes = left / perSecond / 60;
  const rate = `${pages} pages, ${perSecond.toFixed(0)} items/s`;
  return left === 0 ? rate : `${rate}, ${left} or more left (${minutes.toFixed(minutes < 10 ? 1 : 0)} min)`;
}
