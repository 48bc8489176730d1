import { describe, expect, test } from "vitest";
import { eventKinds } from "../catalogue/mod.ts";
import { BagBuilder } from "./bag-builder.ts";
import type { Histories } from "./encoded.ts";
import { type HistoryOptions, historyOptions } from "./history-options.ts";
import { createPoolScratch, poolSignals } from "./pooling.ts";
import { createSignalScratch, eventWindow, readSignals, type Signals } from "./signals.ts";

const day = 86_400_000;

type Happened = readonly [kind: (typeof eventKinds)[number], item: number, day: number, fraction?: number];

/** One viewer's events, oldest first. */
function historiesOf(events: readonly Happened[], asOf = Number.POSITIVE_INFINITY): Histories {
  return {
    offsets: Int32Array.of(0, events.length),
    item: Int32Array.from(events, ([, item]) => item),
    kind: Uint8Array.from(events, ([kind]) => eventKinds.indexOf(kind)),
    at: Float64Array.from(events, ([, , at]) => at * day),
    watchFraction: Float32Array.from(events, ([, , , fraction]) => fraction ?? Number.NaN),
    asOf: Float64Array.of(asOf * day),
    fields: [{}],
  };
}

function read(
  histories: Histories,
  options: Partial<HistoryOptions> = {},
  keep?: Uint8Array,
): { positive: [number, number][]; nope: [number, number][] } {
  const history = historyOptions.parse(options);
  const scratch = createSignalScratch(10, history.limit);
  const window = eventWindow(histories, 0, history.maxEvents);
  readSignals(histories, window, { history, itemRows: 10, keep, scratch });
  const list = ({ count, item, weight }: Signals): [number, number][] =>
    Array.from({ length: count }, (_, i) => [item[i]!, weight[i]!]);
  return { positive: list(scratch.positive), nope: list(scratch.nope) };
}

describe("readSignals", () => {
  test("takes likes, sufficiently watched views and nopes, newest first", () => {
    const histories = historiesOf([
      ["like", 1, 1],
      ["view", 2, 2, 0.9],
      ["view", 3, 3, 0.4],
      ["view", 4, 4],
      ["nope", 5, 5],
      ["like", 6, 6],
    ]);
    expect(read(histories)).toEqual({
      positive: [
        [6, 1],
        [2, 0.5],
        [1, 1],
      ],
      nope: [[5, 1]],
    });
    expect(read(histories, { viewWeight: 0 }).positive).toEqual([
      [6, 1],
      [1, 1],
    ]);
    expect(read(histories, { viewThreshold: 0.4, viewWeight: 0.25 }).positive).toEqual([
      [6, 1],
      // float32 0.4 is above the threshold 0.4.
      [3, 0.25],
      [2, 0.25],
      [1, 1],
    ]);
  });

  test("counts an item once: the newer of like and nope decides, the heavier of like and view counts", () => {
    const histories = historiesOf([
      ["nope", 1, 1],
      ["like", 2, 2],
      ["like", 3, 3],
      ["view", 3, 4, 1],
      ["view", 3, 5, 1],
      ["like", 1, 6],
      ["nope", 2, 7],
    ]);
    expect(read(histories)).toEqual({
      positive: [
        [1, 1],
        [3, 1],
      ],
      nope: [[2, 1]],
    });
  });

  test("lets a nope stand against views, older and newer, but not against a newer like", () => {
    const histories = historiesOf([
      ["like", 1, 1],
      ["nope", 1, 2],
      ["view", 1, 3, 1],
      ["view", 2, 4, 1],
      ["nope", 2, 5],
      ["nope", 3, 6],
      ["like", 3, 7],
      ["view", 3, 8, 1],
      ["like", 4, 9],
      ["view", 4, 10, 1],
      ["view", 4, 11, 1],
    ]);
    expect(read(histories)).toEqual({
      positive: [
        [4, 1],
        [3, 1],
      ],
      nope: [
        [2, 1],
        [1, 1],
      ],
    });
  });

  test("keeps the newest `limit` items of each sign, and reads no more than `maxEvents`", () => {
    const histories = historiesOf([
      ["like", 1, 1],
      ["like", 2, 2],
      ["nope", 7, 3],
      ["like", 3, 4],
    ]);
    const items = (options: Partial<HistoryOptions>) =>
      read(histories, options).positive.map(([item]) => item);
    expect(items({ limit: 2 })).toEqual([3, 2]);
    expect(items({ maxEvents: 3 })).toEqual([3, 2]);
    expect(items({ maxEvents: 2 })).toEqual([3]);
    expect(read(histories, { limit: 1 }).nope).toEqual([[7, 1]]);
  });

  test("fades by half every halfLifeDays from the newest", () => {
    const histories = historiesOf([
      ["like", 1, 0],
      ["nope", 5, 10],
      ["view", 2, 20, 1],
      ["like", 3, 30],
    ]);
    // 30 days are three half-lives, 10 days one; nopes fade among themselves.
    expect(read(histories, { halfLifeDays: 10 })).toEqual({
      positive: [
        [3, 1],
        [2, 0.25],
        [1, 0.125],
      ],
      nope: [[5, 1]],
    });
  });

  test("reads nothing later than asOf, and what happened at that moment", () => {
    const events: Happened[] = [
      ["like", 1, 1],
      ["like", 2, 2],
      ["like", 3, 3],
    ];
    expect(read(historiesOf(events, 2)).positive.map(([item]) => item)).toEqual([2, 1]);
    expect(read(historiesOf(events, 0)).positive).toEqual([]);
    expect(read(historiesOf(events, Number.NaN)).positive).toEqual([]);
  });

  test("hides an item where the mask hides its newest event, without letting older ones in", () => {
    const histories = historiesOf([
      ["like", 1, 1],
      ["like", 2, 2],
      ["view", 3, 3, 1],
      ["like", 3, 4],
    ]);
    expect(read(histories, { limit: 2 }, Uint8Array.of(1, 1, 1, 0)).positive).toEqual([[2, 1]]);
    expect(read(histories, { limit: 2 }, Uint8Array.of(1, 1, 0, 1)).positive).toEqual([
      [3, 1],
      [2, 1],
    ]);
  });

  test("passes over items that are not there and kinds that are unknown", () => {
    const histories = historiesOf([
      ["like", 10, 1],
      ["like", -1, 2],
      ["like", 4, 3],
    ]);
    const unknown = { ...histories, kind: Uint8Array.of(0, 0, 255) };
    expect(read(histories).positive).toEqual([[4, 1]]);
    expect(read(unknown).positive).toEqual([]);
  });
});

describe("poolSignals", () => {
  // Rows: item 0 has entry 1; item 1 entries 1 and 2, 1/√2 each; item 2 none; item 3 entry 0.
  const r = Math.SQRT1_2;
  const bag = {
    offsets: Int32Array.of(0, 1, 3, 3, 4),
    indices: Int32Array.of(1, 1, 2, 0),
    weights: Float32Array.of(1, r, r, 1),
  };
  function pool(likes: readonly [number, number][], normalise: "l2" | "share") {
    const signals = {
      count: likes.length,
      item: Int32Array.from(likes, ([item]) => item),
      weight: Float64Array.from(likes, ([, weight]) => weight),
      event: new Int32Array(likes.length),
    };
    const out = new BagBuilder(1);
    poolSignals(signals, bag, { normalise, out, scratch: createPoolScratch(3) });
    out.endRow();
    const { indices, weights } = out.finish();
    return [...indices].map((index, at) => [index, weights[at]!] as const);
  }

  test("shares: each item spreads its weight evenly, and all sum to 1", () => {
    // Item 0 gives 1 to entry 1; item 1 gives ½ to 1 and ½ to 2; item 2 gives nothing; weight ½ of item 3 to 0.
    // Total 2.5: 1.5, 0.5, 0.5.
    const shares = pool(
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [3, 0.5],
      ],
      "share",
    );
    expect(shares.map(([index]) => index)).toEqual([1, 2, 0]);
    expect(shares.map(([, weight]) => weight)).toEqual([0.6, 0.2, 0.2].map(Math.fround));
  });

  test("l2: sums have length 1", () => {
    // 3 of entry 1 and 4 of entry 0.
    expect(
      pool(
        [
          [0, 3],
          [3, 4],
        ],
        "l2",
      ),
    ).toEqual([
      [1, Math.fround(0.6)],
      [0, Math.fround(0.8)],
    ]);
  });

  test("is empty where nothing was liked, or nothing that has entries", () => {
    expect(pool([], "share")).toEqual([]);
    expect(pool([[2, 1]], "l2")).toEqual([]);
    expect(pool([[0, 0]], "share")).toEqual([]);
  });
});
