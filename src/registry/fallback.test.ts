import { describe, expect, test } from "vitest";
import { buildDataset } from "../catalogue/mod.ts";
import { fitFallback, scoreLinear } from "./fallback.ts";

// Two tastes that never meet: a and b are liked together, c and d are liked together, e by nobody.
const items = ["a", "b", "c", "d", "e"].map((id) => ({ id, title: id, fields: {} }));
const people = ["1", "2", "3", "4", "5"].map((id) => ({ id, fields: {} }));
const likes = ["1a", "1b", "2a", "2b", "3c", "3d", "4c", "4d", "5a"];
const events = likes.map(([personId, itemId], at) => ({
  personId: personId!,
  itemId: itemId!,
  kind: "like" as const,
  at,
}));
const { dataset } = buildDataset({ items, people, events });

describe("fitFallback", () => {
  test("lists liked items by likes, ties by position", () => {
    const fallback = fitFallback(dataset);
    expect(fallback.itemIds).toEqual(["a", "b", "c", "d"]);
    expect(fallback.likes).toEqual([3, 2, 2, 2]);
  });

  test("weighs neighbours by shared likers", () => {
    const fallback = fitFallback(dataset, { shrinkage: 0 });
    // c_ab = 2, n_a = 3, n_b = 2: 2 / sqrt(6) = 0.8165
    expect(fallback.neighbours[0]).toEqual([1]);
    expect(fallback.weights[0]).toEqual([0.8165]);
  });
});

describe("scoreLinear", () => {
  test("gives what goes with what was liked, and nothing else", () => {
    const fallback = fitFallback(dataset, { shrinkage: 0 });
    // c_cd = 2, n_c = n_d = 2: 2 / 2 = 1
    expect(scoreLinear(fallback, ["c"])).toEqual(new Map([["d", 1]]));
    expect(scoreLinear(fallback, ["e", "unknown"]).size).toBe(0);
  });
});
