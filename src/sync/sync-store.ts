import type { SyncCursor, SyncMode } from "./sync-cursor.ts";

/** Where in its way an item failed. */
export type SyncStage = "read" | "store" | "embed";

/** An item that could not be read, stored or embedded. */
export interface FailedItem {
  readonly id: string;
  readonly stage: SyncStage;
  /** Why, for a person; nothing of what the item holds. */
  readonly reason: string;
}

/** A failed item as it is kept. */
export interface SyncFailure extends FailedItem {
  readonly source: string;
  readonly attempts: number;
  /** It failed so often that it is not tried any more, until somebody says so. */
  readonly dead: boolean;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

/** An id that is never stored again. */
export interface Denial {
  readonly id: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly deniedAt: number;
}

/** What one batch brought, and where the sync stands after it. */
export interface SyncStep {
  readonly source: string;
  readonly cursor: SyncCursor;
  /** Ids of every row that came. */
  readonly seen: readonly string[];
  readonly failed: readonly FailedItem[];
  /** Ids that failed before and do not any more. */
  readonly recovered: readonly string[];
}

/** How a source stands. */
export interface SourceStatus {
  readonly source: string;
  readonly items: number;
  /** Withdrawn as two full syncs did not see them. */
  readonly missing: number;
  /** To be tried again. */
  readonly failing: number;
  readonly dead: number;
  /** The last full sync of each partition that read all of it. */
  readonly sweeps: Readonly<Record<string, number>>;
  /** What is under way. */
  readonly cursors: readonly SyncCursor[];
}

/** Options of {@link SyncStore.finish}. */
export interface FinishOptions {
  /** From 0 to 1. @default 0.2 */
  readonly maxGoneShare?: number;
}

/** What became of items that are gone. */
export interface FinishedSync {
  readonly withdrawn: number;
  /** Not withdrawn, as there were too many of them to believe it. */
  readonly heldBack: number;
}

/** So many gone items are withdrawn whatever share they are. */
export const fewGone = 100;

/** The share of gone items above which none is withdrawn. */
export const maxGoneShareDefault = 0.2;

/** What syncs keep beside the catalogue. Each method is one transaction. */
export interface SyncStore {
  /** Where a sync that has not ended stands. */
  cursor(source: string, mode: SyncMode): Promise<SyncCursor | undefined>;
  /** The last full sync of each partition that read all of it, by partition. */
  sweeps(source: string): Promise<ReadonlyMap<string, number>>;
  /** Which of these may not be stored. */
  denied(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Shows those again that were withdrawn as they were missing; a take-down by a person stays. Returns which. */
  restore(source: string, ids: readonly string[]): Promise<readonly string[]>;
  commit(step: SyncStep): Promise<void>;
  /**
   * Ends a sync: its cursor goes. After a full one, items of the partitions that were read whole are withdrawn where neither
   * it nor the one before saw them; none of them, where they are more than `fewGone` and more than `maxGoneShare` of what is
   * shown of these partitions.
   */
  finish(source: string, cursor: SyncCursor, options?: FinishOptions): Promise<FinishedSync>;
  /**
   * Takes the place of the one sync of a source for so many milliseconds, or keeps it for as long again. False while another
   * owner has it.
   */
  lease(source: string, owner: string, milliseconds: number): Promise<boolean>;
  /** Gives the place back, where it is the owner's. */
  release(source: string, owner: string): Promise<void>;
  /** Takes an item down for good: withdrawn at once, and never stored again by any import. */
  deny(id: string, reason: string): Promise<void>;
  /** Takes a denial back; the item stays withdrawn until it is put back. True where there was one. */
  allow(id: string): Promise<boolean>;
  denials(): Promise<readonly Denial[]>;
  /** Latest first. */
  failures(options?: {
    readonly source?: string;
    readonly stage?: SyncStage;
    readonly dead?: boolean;
  }): Promise<readonly SyncFailure[]>;
  /** Lets dead ones be tried again, all where no ids are given; how many. */
  retry(ids?: readonly string[]): Promise<number>;
  status(): Promise<readonly SourceStatus[]>;
}

/** An item that failed so often is not tried any more. */
export const maxSyncAttempts = 3;
