import * as z from "zod/mini";
import { featureName } from "./declaration.ts";
import type { Histories } from "./encoded.ts";
import type { HistoryOptions } from "./history-options.ts";
import type { EventWindow } from "./signals.ts";

/** When a viewer comes: the shares of their events by hour of the day and by weekday, local time. */
export const patternFeature = z.strictObject({ kind: z.literal("pattern"), name: featureName });

/** See {@link patternFeature}. */
export type PatternFeature = z.output<typeof patternFeature>;

/** 24 hours from midnight and 7 weekdays from Sunday. */
export const patternWidth = 31;

const hour = 3_600_000;

/**
 * Writes 24 shares that sum to 1 and 7 that sum to 1, of `unknown` events more to less; all zeros without events.
 *
 * @param histories Events by viewer.
 * @param window The events to read.
 * @param target Where they go, and what local time is.
 */
export function writePattern(
  histories: Histories,
  window: EventWindow,
  target: {
    readonly out: Float32Array;
    readonly offset: number;
    readonly history: HistoryOptions;
    readonly unknown?: number;
  },
): void {
  const { out, offset, history, unknown = 0 } = target;
  const share = 1 / (window.end - window.start + unknown);
  for (let e = window.start; e < window.end; e++) {
    const hours = Math.floor((histories.at[e]! + history.utcOffsetMinutes * 60_000) / hour);
    if (!Number.isFinite(hours)) continue;
    out[offset + modulo(hours, 24)]! += share;
    // 1970-01-01 was a Thursday, weekday 4.
    out[offset + 24 + modulo(Math.floor(hours / 24) + 4, 7)]! += share;
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
