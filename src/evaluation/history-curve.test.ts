import { expect, test } from "vitest";
import type { Histories } from "../features/mod.ts";
import { historyCurve } from "./history-curve.ts";
import { keepActivePeople } from "./keep-active-people.ts";
import { likedItems } from "./liked-items.ts";
import { renderHistoryCurve } from "./report/table.ts";
import type { Scorer } from "./scorer.ts";
import { splitBy } from "./split-by.ts";
import { checkerboard, datasetFromMatrix } from "./test-data.conformance.ts";

const split = splitBy(checkerboard({ people: 80, items: 40, share: 0.6 }), "strong");
const items = split.items.length;

test("[EV15] a shortened history is the last events of the same viewers; what is to be found stays", async () => {
  const seen: Histories[] = [];
  /** The half that the last given item is of, once there is one. */
  const scorer: Scorer = {
    name: "halves",
    score: async (histories) => {
      seen.push(histories);
      return Float32Array.from({ length: histories.asOf.length * items }, (_, cell) => {
        const row = Math.floor(cell / items);
        const end = histories.offsets[row + 1]!;
        if (end === histories.offsets[row]) return 0;
        return ((cell % items) - histories.item[end - 1]!) % 2 === 0 ? 1 : 0;
      });
    },
  };
  const curve = await historyCurve(split, [scorer], { lengths: [3, 0, 1], resamples: 20 });
  expect(curve.points.map(({ length }) => length)).toEqual([0, 1, 3]);
  const { given } = split.test;
  expect(curve.viewers).toBe(split.test.people.length);
  for (const [position, length] of [0, 1, 3].entries()) {
    const shortened = seen[position]!;
    for (const row of split.test.people.keys()) {
      const own = shortened.item.subarray(shortened.offsets[row]!, shortened.offsets[row + 1]!);
      const all = given.item.subarray(given.offsets[row]!, given.offsets[row + 1]!);
      expect([...own]).toEqual([...all].slice(all.length - length));
    }
  }
  // One event says which half; none leaves chance.
  const [none, one, three] = curve.points.map(({ models }) => models[0]!.ndcg10.mean);
  expect(one).toBeGreaterThan(2 * none!);
  expect(three).toBe(one);
  expect(renderHistoryCurve(curve).at(-1)).toMatch(/^3 +\.\d{3} ±/);
});

test("points are of the viewers that have the longest history, and somebody must", async () => {
  const counts = Array.from(
    split.test.people.keys(),
    (row) => split.test.given.offsets[row + 1]! - split.test.given.offsets[row]!,
  );
  const most = Math.max(...counts);
  const flat: Scorer = { name: "flat", score: async ({ asOf }) => new Float32Array(asOf.length * items) };
  const curve = await historyCurve(split, [flat], { lengths: [0, most], resamples: 20 });
  expect(curve.viewers).toBe(counts.filter((count) => count === most).length);
  await expect(historyCurve(split, [flat], { lengths: [most + 1] })).rejects.toThrow(RangeError);
});

test("keepActivePeople() leaves out the events of those who liked fewer items", () => {
  const dataset = datasetFromMatrix([
    [1, 1, 0],
    [1, 0, 0],
  ]);
  expect(keepActivePeople(dataset, 0)).toBe(dataset);
  const kept = keepActivePeople(dataset, 2);
  expect(kept.people.length).toBe(2);
  expect([...likedItems(kept).offsets]).toEqual([0, 2, 2]);
});
