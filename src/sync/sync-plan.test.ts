import { expect, test } from "vitest";
import type { SourceLimits, SourceWindow } from "../catalogue/mod.ts";
import type { SyncCursor } from "./sync-cursor.ts";
import { afterPage, nextPage, planSync, rowsLeft } from "./sync-plan.ts";

const limits: SourceLimits = { pageSize: 10, maxWindowRows: 40, windowMs: 30_000, minWindowMs: 1000 };
const partition = { id: "floor", idPrefix: "", from: 0, to: 64_000 };
const begin = (): SyncCursor => planSync([partition], { mode: "full", sweep: 1, now: 0, recentMs: 0 });

/** Reads everything from rows dated by `dates`; pages as a source gives them, which counts to 50 and no further. */
function read(dates: readonly number[], { givesNothing = false } = {}) {
  const seen = new Set<string>();
  const asked: (SourceWindow & { readonly offset: number; readonly kept: boolean })[] = [];
  const kept: string[] = [];
  const unread: string[] = [];
  let cursor = begin();
  for (let planned = nextPage(cursor, limits); planned !== undefined; planned = nextPage(cursor, limits)) {
    const { window, offset } = planned;
    const all = dates.flatMap((at, n) => (at >= window.from && at < window.to ? [`row ${n}`] : []));
    const ids = givesNothing ? [] : all.slice(offset, offset + limits.pageSize);
    // As if it were continued by another process: plain data is all that goes on.
    const before = JSON.parse(JSON.stringify(planned)) as typeof planned;
    const page = { ids, rows: ids.length, total: Math.min(50, all.length) };
    const after = afterPage(before, page, { seen, limits });
    asked.push({ ...window, offset, kept: after.kept });
    if (after.kept) kept.push(...ids);
    if (after.unread !== undefined) unread.push(after.unread);
    cursor = after.cursor;
    expect(asked.length).toBeLessThan(500);
  }
  return { cursor, asked, kept, unread };
}

test("every row is read once, whatever the dates, and windows that were split cost a request each at most", () => {
  const dates = Array.from({ length: 300 }, (_, n) => Math.floor(64_000 * Math.sqrt(n / 300)));
  const { kept, asked, unread, cursor } = read(dates);
  expect(kept.sort()).toEqual(dates.map((_, n) => `row ${n}`).sort());
  expect(unread).toEqual([]);
  expect(asked.length).toBeLessThan(2 * 30);
  expect(cursor.partitions).toEqual([{ id: "floor", idPrefix: "", whole: true }]);
});

test("a second half that must be too large is split unasked", () => {
  // 50 rows or more in all, none in the first half.
  const dates = Array.from({ length: 60 }, (_, n) => 32_000 + 500 * n);
  const { asked } = read(dates);
  const windows = asked.filter(({ offset }) => offset === 0).map(({ from, to }) => [from, to]);
  expect(windows).toEqual([
    [0, 64_000],
    [0, 32_000],
    [32_000, 48_000],
    [48_000, 64_000],
  ]);
});

test("a second that has more rows than can be paged is left as it came, and its partition is not whole", () => {
  const dates = [...Array.from({ length: 60 }, () => 5000), 9000];
  const { kept, unread, cursor } = read(dates);
  expect(unread).toEqual(["too_large"]);
  expect(kept).toHaveLength(41);
  expect(cursor.partitions[0]?.whole).toBe(false);
});

test("a source that counts more than it gives is asked three times, not for ever", () => {
  const dates = Array.from({ length: 12 }, (_, n) => 1000 * n);
  const { unread, asked } = read(dates, { givesNothing: true });
  expect(unread).toEqual(["changing"]);
  expect(asked).toHaveLength(3);
});

test("what is left is what is known: the rest of the window and of those whose size follows from another's", () => {
  expect(rowsLeft(begin())).toBe(0);
  const position = { offset: 10, total: 30, distinct: 10, again: 0 };
  const window = { partition: "floor", from: 0, to: 1000 };
  expect(rowsLeft({ ...begin(), pending: [window, { ...window, atLeast: 7 }], position })).toBe(27);
});

test("an incremental plan begins so long ago, and is of no partition the whole", () => {
  const cursor = planSync([partition], { mode: "incremental", sweep: 4, now: 50_000, recentMs: 20_000 });
  expect(cursor.pending).toEqual([{ partition: "floor", from: 30_000, to: 64_000 }]);
  expect(cursor.partitions).toEqual([{ id: "floor", idPrefix: "", whole: false }]);
});

test("a source without windows is read once, though ids occur twice", () => {
  const { windowMs: _, ...feed } = { ...limits, maxWindowRows: 10 };
  const planned = nextPage(begin(), feed)!;
  const page = { ids: ["a", "b", "a"], rows: 4, total: 4 };
  const after = afterPage(planned, page, { seen: new Set(), limits: feed });
  expect(after).toMatchObject({
    kept: true,
    cursor: { pending: [], rows: 4, partitions: [{ whole: true }] },
  });
  expect(after.unread).toBeUndefined();
});
