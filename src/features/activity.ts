import * as z from "zod/mini";
import { eventKinds } from "../catalogue/mod.ts";
import { featureName } from "./declaration.ts";
import type { Histories } from "./encoded.ts";
import type { HistoryOptions } from "./history-options.ts";
import type { EventWindow } from "./signals.ts";
import { fitStandard, type StandardState, signedLog, writeStandard } from "./standardise.ts";

const minute = 60_000;
const day = 86_400_000;
const like = eventKinds.indexOf("like");
const nope = eventKinds.indexOf("nope");
const view = eventKinds.indexOf("view");
/** A pause longer than this parts two sessions. */
const sessionGap = 30 * minute;

/** What can be measured of a viewer's activity. */
export const activityMeasures = [
  "likes",
  "nopes",
  "likesPerDay",
  "daysActive",
  "recencyDays",
  "watchFraction",
  "watchMinutes",
  "sessionsPerWeek",
] as const;

/** One of {@link activityMeasures}. */
export type ActivityMeasure = (typeof activityMeasures)[number];

/** How active a viewer is: counts and rates on a log scale, each standardised, each with a missing flag. */
export const activityFeature = z.strictObject({
  kind: z.literal("activity"),
  name: featureName,
  measures: z._default(
    z.array(z.enum(activityMeasures)).check(
      z.minLength(1),
      z.refine((measures) => new Set(measures).size === measures.length),
    ),
    [...activityMeasures],
  ),
  /** In standard deviations. */
  clip: z._default(z.number().check(z.positive(), z.maximum(100)), 5),
});

/** See {@link activityFeature}. */
export type ActivityFeature = z.output<typeof activityFeature>;

/** Scale of each measure. */
export type ActivityState = Readonly<Record<string, StandardState>>;

/**
 * Measures one viewer.
 *
 * Rates count from the first event that is read to `asOf`, at least a day and a week. NaN where there is nothing to
 * measure.
 *
 * @param histories Events by viewer, oldest first.
 * @param user Which viewer.
 * @param options The events to read and how.
 * @returns Every measure on its own scale: counts, days, shares.
 */
export function measureActivity(
  histories: Histories,
  user: number,
  options: { readonly window: EventWindow; readonly history: HistoryOptions },
): Record<ActivityMeasure, number> {
  const { start, end } = options.window;
  const { at, kind, watchFraction, watchSeconds } = histories;
  const asOf = histories.asOf[user]!;
  const localOffset = options.history.utcOffsetMinutes * minute;
  let likes = 0;
  let nopes = 0;
  let fractions = 0;
  let fractionViews = 0;
  let seconds = 0;
  let secondViews = 0;
  let days = 0;
  let sessions = 0;
  let lastDay = Number.NaN;
  let last = Number.NEGATIVE_INFINITY;
  for (let e = start; e < end; e++) {
    const time = at[e]!;
    if (kind[e] === like) likes++;
    else if (kind[e] === nope) nopes++;
    else if (kind[e] === view) {
      const fraction = watchFraction[e]!;
      if (fraction >= 0) {
        fractions += Math.min(1, fraction);
        fractionViews++;
      }
      const watched = watchSeconds === undefined ? Number.NaN : watchSeconds[e]!;
      if (watched >= 0) {
        seconds += watched;
        secondViews++;
      }
    }
    const localDay = Math.floor((time + localOffset) / day);
    if (localDay !== lastDay) days++;
    lastDay = localDay;
    if (time - last > sessionGap) sessions++;
    last = time;
  }
  const span = end > start ? (asOf - at[start]!) / day : Number.NaN;
  return {
    likes,
    nopes,
    likesPerDay: likes / Math.max(1, span),
    daysActive: days,
    recencyDays: end > start ? (asOf - last) / day : Number.NaN,
    watchFraction: fractionViews > 0 ? fractions / fractionViews : Number.NaN,
    watchMinutes: secondViews > 0 ? seconds / 60 / secondViews : Number.NaN,
    sessionsPerWeek: sessions / Math.max(1, span / 7),
  };
}

function scaled(measure: ActivityMeasure, value: number): number {
  return measure === "watchFraction" ? value : signedLog(value);
}

/**
 * Finds centre and scale of each measure.
 *
 * @param feature The declaration.
 * @param measured What {@link measureActivity} gave for each viewer of the fit data.
 * @returns The state.
 */
export function fitActivity(
  feature: ActivityFeature,
  measured: readonly Record<ActivityMeasure, number>[],
): ActivityState {
  return Object.fromEntries(
    feature.measures.map((measure) => [
      measure,
      fitStandard(Float64Array.from(measured, (values) => scaled(measure, values[measure]))),
    ]),
  );
}

/**
 * Writes two columns per measure: the standardised value and the missing flag.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @param target The viewer's measures and where they go.
 */
export function writeActivity(
  feature: ActivityFeature,
  state: ActivityState,
  target: {
    readonly measured: Record<ActivityMeasure, number>;
    readonly out: Float32Array;
    readonly offset: number;
  },
): void {
  const { measured, out, offset } = target;
  for (const [position, measure] of feature.measures.entries()) {
    writeStandard(state[measure]!, scaled(measure, measured[measure]), {
      out,
      offset: offset + 2 * position,
      clip: feature.clip,
    });
  }
}
