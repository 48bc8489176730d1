import type { RowIssue } from "./issue.ts";
import type { Item } from "./item.ts";

/** A part of a source that is listed on its own: a floor of a shop, or all of a feed. Plain data, fit for a cursor. */
export interface SourcePartition {
  /** Unique within its source, stable over time. */
  readonly id: string;
  /** Every item of this partition has an id that begins so, and no other item does. */
  readonly idPrefix: string;
  /** Nothing of it is dated before, in milliseconds since 1970. */
  readonly from: number;
  /** Nothing of it is dated at or after, announced items included. */
  readonly to: number;
}

/** The items of a partition that are dated from `from` (included) to `to` (excluded), in milliseconds since 1970. */
export interface SourceWindow {
  /** {@link SourcePartition.id}. */
  readonly partition: string;
  readonly from: number;
  readonly to: number;
}

/** What a source can do. */
export interface SourceLimits {
  /** Rows in a page, at most. */
  readonly pageSize: number;
  /** Rows of one window that can be reached by paging; a larger one has to be split. */
  readonly maxWindowRows: number;
  /**
   * The length of windows to start from. Absent where the source has one window only: it then answers for the whole
   * partition, whatever the times.
   */
  readonly windowMs?: number;
  /** Windows cannot be split below this: what lies in one of them has one date. */
  readonly minWindowMs: number;
}

/** Options of every question to a source. */
export interface SourceRequestOptions {
  /** Ends the waiting; a request that is under way ends, too. */
  readonly signal?: AbortSignal;
}

/** Some rows of a window. */
export interface SourcePage {
  readonly items: readonly Item[];
  /** What was wrong, row by row. A row with issues may still have given an item: the rest of it. */
  readonly issues: readonly RowIssue[];
  /** Ids of all rows whose id could be read, those without an item included: they exist, and are not to be deleted. */
  readonly ids: readonly string[];
  /** Rows that this page had: the next offset is so much further. 0 where there is nothing more. */
  readonly rows: number;
  /** Rows of the whole window as the source counts them now; it may stop counting at `limits.maxWindowRows`. */
  readonly total: number;
}

/**
 * Where a catalogue comes from, as a sync reads it: partitions, cut into windows of dates that are small enough to be
 * paged. Order within a window may change between two pages, so that a window is complete where as many different ids
 * came as it counts.
 */
export interface CatalogueSource {
  /** Unique among the sources of a catalogue; names cursors, sweeps and the `file` of issues. */
  readonly name: string;
  readonly limits: SourceLimits;
  /** @throws FutagoError As {@link CatalogueSource.page} does. */
  partitions(options?: SourceRequestOptions): Promise<readonly SourcePartition[]>;
  /**
   * Rows of a window.
   *
   * @throws FutagoError As {@link CatalogueSource.page} does.
   */
  count(window: SourceWindow, options?: SourceRequestOptions): Promise<number>;
  /**
   * Rows of a window from a position on, counted from 0.
   *
   * @throws RangeError For a position that paging does not reach.
   * @throws FutagoError `source_unreadable` where it could not be reached or understood; `source_rejected` where it refused
   * this question; `source_exhausted` where it has answered enough for now: `details.retryAt` (milliseconds since 1970) says
   * when to ask again.
   */
  page(
    window: SourceWindow,
    options: SourceRequestOptions & { readonly offset: number },
  ): Promise<SourcePage>;
  /**
   * The rows of given items, as far as there are such. Absent where a source cannot be asked for single ones.
   *
   * @throws RangeError For an id that none of its items can have.
   * @throws FutagoError As {@link CatalogueSource.page} does.
   */
  some?(ids: readonly string[], options?: SourceRequestOptions): Promise<SourcePage>;
}
