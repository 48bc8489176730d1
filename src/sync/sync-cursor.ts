import type { SourceWindow } from "../catalogue/mod.ts";

/** Everything, so that what has vanished is found; or what is recent and announced. */
export type SyncMode = "full" | "incremental";

/** A window that is still to be read. */
export interface PlannedWindow extends SourceWindow {
  /** It holds so many rows or more, where that is known without asking. */
  readonly atLeast?: number;
  /** Rows that it and the next window hold together: they are the halves of one that was too large. */
  readonly withNext?: number;
}

/** How far the first of the planned windows is read. */
export interface WindowPosition {
  /** Rows read; the next page begins here. */
  readonly offset: number;
  /** Rows of the window as its first page counted them. */
  readonly total: number;
  /** Different rows among those read. */
  readonly distinct: number;
  /** How often it was begun anew, as it had changed while it was read. */
  readonly again: number;
}

/** Where a sync stands: plain data, kept in the database with what was read until there. */
export interface SyncCursor {
  readonly mode: SyncMode;
  /** Of a full sync: its number, counted from 1. Of an incremental one: the number of the last full one. */
  readonly sweep: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Read are items dated from then on, where that was asked for. */
  readonly from?: number;
  /** What is read, and whether all of it: only then is something missing that was not seen. */
  readonly partitions: readonly { readonly id: string; readonly idPrefix: string; readonly whole: boolean }[];
  readonly pending: readonly PlannedWindow[];
  readonly position?: WindowPosition;
  /** Pages and rows read so far, over all runs. */
  readonly pages: number;
  readonly rows: number;
}
