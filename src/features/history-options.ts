import * as z from "zod/mini";

/** How what a viewer did is read: shared by every feature that pools over it. */
export const historyOptions = z.strictObject({
  /** Liked items that are pooled, newest kept; the same for nopes. */
  limit: z._default(z.int().check(z.minimum(1), z.maximum(100_000)), 100),
  /** Events that are read at all, newest kept: what a server must fetch to encode as training did. */
  maxEvents: z._default(z.int().check(z.minimum(1), z.maximum(1_000_000)), 1_000),
  /** An event this many days before the newest weighs half as much; null: all weigh the same. */
  halfLifeDays: z._default(z.nullable(z.number().check(z.positive(), z.maximum(100_000))), null),
  /** A view of at least this watch fraction counts as a weak like. */
  viewThreshold: z._default(z.number().check(z.minimum(0), z.maximum(1)), 0.5),
  /** What such a view weighs beside a like's 1; 0: views do not count. */
  viewWeight: z._default(z.number().check(z.minimum(0), z.maximum(1)), 0.5),
  /** Local time for hours, weekdays and days, in minutes east of UTC. 540 is Japan. */
  utcOffsetMinutes: z._default(z.int().check(z.minimum(-840), z.maximum(840)), 540),
});

/** See {@link historyOptions}. */
export type HistoryOptions = z.output<typeof historyOptions>;
