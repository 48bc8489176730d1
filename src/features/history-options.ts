import * as z from "zod";

/** How what a viewer did is read: shared by every feature that pools over it. */
export const historyOptions = z.strictObject({
  /** Liked items that are pooled, newest kept; the same for nopes. */
  limit: z.int().min(1).max(100_000).default(100),
  /** Events that are read at all, newest kept: what a server must fetch to encode as training did. */
  maxEvents: z.int().min(1).max(1_000_000).default(1_000),
  /** An event this many days before the newest weighs half as much; null: all weigh the same. */
  halfLifeDays: z.number().positive().max(100_000).nullable().default(null),
  /** A view of at least this watch fraction counts as a weak like. */
  viewThreshold: z.number().min(0).max(1).default(0.5),
  /** What such a view weighs beside a like's 1; 0: views do not count. */
  viewWeight: z.number().min(0).max(1).default(0.5),
  /** Local time for hours, weekdays and days, in minutes east of UTC. 540 is Japan. */
  utcOffsetMinutes: z.int().min(-840).max(840).default(540),
});

/** See {@link historyOptions}. */
export type HistoryOptions = z.output<typeof historyOptions>;
