import type { SourcePage } from "../catalogue/mod.ts";
import type { SyncCursor } from "./sync-cursor.ts";

/** A page that came, and where the sync stands once it is kept. */
export interface QueuedPage {
  readonly page: SourcePage;
  /** Position of its first row in its window, from 0. */
  readonly offset: number;
  readonly cursor: SyncCursor;
}

/** Pages between reading and storing: so many at most, so that memory stays bounded whichever is slower. */
export interface PageQueue {
  /** Waits while the queue is full; false once it is closed. */
  put(page: QueuedPage): Promise<boolean>;
  /** What is there, up to so many; waits for one; none once the queue is closed and empty. */
  take(most: number): Promise<readonly QueuedPage[]>;
  close(): void;
}

/**
 * An empty queue with one reader and one writer.
 *
 * @param capacity Pages that it holds at most.
 * @returns The queue.
 */
export function createPageQueue(capacity: number): PageQueue {
  const pages: QueuedPage[] = [];
  let closed = false;
  let wake: (() => void)[] = [];
  const changed = (): void => {
    const waiting = wake;
    wake = [];
    for (const each of waiting) each();
  };
  const change = (): Promise<void> => new Promise((resolve) => wake.push(resolve));
  return {
    put: async (page) => {
      while (pages.length >= capacity && !closed) await change();
      if (closed) return false;
      pages.push(page);
      changed();
      return true;
    },
    take: async (most) => {
      while (pages.length === 0 && !closed) await change();
      const taken = pages.splice(0, most);
      changed();
      return taken;
    },
    close: () => {
      closed = true;
      changed();
    },
  };
}
