import { describe, expect, test } from "vitest";
import { eventKinds } from "../catalogue/mod.ts";
import { activityFeature, fitActivity, measureActivity, writeActivity } from "./activity.ts";
import type { Histories } from "./encoded.ts";
import { historyOptions } from "./history-options.ts";
import { patternWidth, writePattern } from "./pattern.ts";
import { eventWindow } from "./signals.ts";

const minute = 60_000;
// Sunday 2024-06-02, 23:30 in Tokyo.
const sunday = Date.UTC(2024, 5, 2, 14, 30);
const history = historyOptions.parse({ utcOffsetMinutes: 540 });

type Happened = readonly [
  kind: (typeof eventKinds)[number],
  minutes: number,
  fraction?: number,
  seconds?: number,
];

function historiesOf(events: readonly Happened[], asOfMinutes: number): Histories {
  return {
    offsets: Int32Array.of(0, events.length),
    item: new Int32Array(events.length),
    kind: Uint8Array.from(events, ([kind]) => eventKinds.indexOf(kind)),
    at: Float64Array.from(events, ([, minutes]) => sunday + minutes * minute),
    watchFraction: Float32Array.from(events, ([, , fraction]) => fraction ?? Number.NaN),
    watchSeconds: Float32Array.from(events, ([, , , seconds]) => seconds ?? Number.NaN),
    asOf: Float64Array.of(sunday + asOfMinutes * minute),
    fields: [{}],
  };
}

const dayMinutes = 1_440;
const weekMinutes = 7 * dayMinutes;
// 23:30 and 23:59 on Sunday are one session, 00:30 on Monday (31 minutes later) is another, and a third a week on.
const events: readonly Happened[] = [
  ["like", 0],
  ["view", 29, 0.5, 600],
  ["view", 60, 0.25, 1_200],
  ["view", 60],
  ["nope", weekMinutes],
  ["like", weekMinutes + 30],
  ["like", 2 * weekMinutes + 1],
];

function measure(histories: Histories) {
  return measureActivity(histories, 0, { window: eventWindow(histories, 0, 1_000), history });
}

describe("measureActivity", () => {
  test("counts what happened until asOf", () => {
    // Two weeks after the first event; the last like comes one minute later and must not be seen.
    const measured = measure(historiesOf(events, 2 * weekMinutes));
    expect(measured).toEqual({
      likes: 2,
      nopes: 1,
      likesPerDay: 2 / 14,
      // Sunday 2nd, Monday 3rd, Sunday 9th, Monday 10th (00:00).
      daysActive: 4,
      recencyDays: 7 - 30 / dayMinutes,
      watchFraction: 0.375,
      watchMinutes: 15,
      // 23:30–23:59; 00:30; the next Sunday 23:30 to 00:00, 30 minutes apart and so one: 3 in two weeks.
      sessionsPerWeek: 1.5,
    });
  });

  test("counts rates over at least a day and a week", () => {
    const measured = measure(historiesOf([["like", 0]], 10));
    expect(measured.likesPerDay).toBe(1);
    expect(measured.sessionsPerWeek).toBe(1);
  });

  test("has zero counts and no rates without events", () => {
    expect(measure(historiesOf([], 0))).toEqual({
      likes: 0,
      nopes: 0,
      likesPerDay: Number.NaN,
      daysActive: 0,
      recencyDays: Number.NaN,
      watchFraction: Number.NaN,
      watchMinutes: Number.NaN,
      sessionsPerWeek: Number.NaN,
    });
  });

  test("knows no minutes where the columns have none", () => {
    const { watchSeconds: _, ...histories } = historiesOf(events, weekMinutes);
    expect(measure(histories).watchMinutes).toBeNaN();
  });
});

test("writeActivity() standardises each measure on its scale and flags the missing ones", () => {
  const feature = activityFeature.parse({
    kind: "activity",
    name: "activity",
    measures: ["likes", "watchFraction"],
  });
  const of = (likes: number, watchFraction: number) => ({
    ...measure(historiesOf([], 0)),
    likes,
    watchFraction,
  });
  // log2(1 + likes): 1, 2, 3, so that 7 likes are 1.349 above the median whatever the base; fractions: centre .5, scale 1.
  const state = fitActivity(feature, [of(1, 0.5), of(3, 0.5), of(7, Number.NaN)]);
  const out = new Float32Array(5);
  writeActivity(feature, state, { measured: of(7, 0.75), out, offset: 1 });
  expect([...out].map((x) => Math.round(x * 1_000) / 1_000)).toEqual([0, 1.349, 0, 0.25, 0]);
  writeActivity(feature, state, { measured: of(3, Number.NaN), out, offset: 1 });
  expect([...out]).toEqual([0, 0, 0, 0, 1]);
});

describe("writePattern", () => {
  const write = (histories: Histories, options = history) => {
    const out = new Float32Array(patternWidth);
    writePattern(histories, eventWindow(histories, 0, 1_000), { out, offset: 0, history: options });
    return {
      hours: Object.fromEntries([...out.subarray(0, 24).entries()].filter(([, share]) => share > 0)),
      days: [...out.subarray(24)],
    };
  };

  test("shares events among local hours and weekdays", () => {
    // 23:30 and 23:59 on Sunday, 00:30 twice on Monday.
    const histories = historiesOf(events.slice(0, 4), weekMinutes);
    expect(write(histories)).toEqual({ hours: { 23: 0.5, 0: 0.5 }, days: [0.5, 0.5, 0, 0, 0, 0, 0] });
    // In UTC all of it is Sunday: 14:30, 14:59, 15:30 twice.
    expect(write(histories, { ...history, utcOffsetMinutes: 0 })).toEqual({
      hours: { 14: 0.5, 15: 0.5 },
      days: [1, 0, 0, 0, 0, 0, 0],
    });
  });

  test("knows weekdays before 1970", () => {
    const before = {
      ...historiesOf([["like", 0]], weekMinutes),
      at: Float64Array.of(Date.UTC(1969, 11, 31, 0, 0)),
    };
    // Wednesday, 09:00 in Tokyo.
    expect(write(before)).toEqual({ hours: { 9: 1 }, days: [0, 0, 0, 1, 0, 0, 0] });
  });

  test("is zeros without events", () => {
    expect(write(historiesOf([], 0))).toEqual({ hours: {}, days: [0, 0, 0, 0, 0, 0, 0] });
  });
});
