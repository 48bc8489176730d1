import { describe, expect, test } from "vitest";
import { buildDataset, type CatalogueEvent } from "../catalogue/mod.ts";
import { type EncodedRows, fitFeatures, historiesOf, parseFeatureSchema } from "../features/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import type { Towers } from "../towers/mod.ts";
import { featureImportance } from "./feature-importance.ts";
import type { EvaluationSet } from "./split.ts";

// 20 items, 10 of each genre; 40 viewers, half of each taste, given 3 likes of their genre and to find its other 7.
const items = Array.from({ length: 20 }, (_, i) => ({
  id: `i${i}`,
  title: `i${i}`,
  fields: { genre: i % 2 === 0 ? "even" : "odd", length: i },
}));
const people = Array.from({ length: 40 }, (_, p) => ({ id: `p${p}`, fields: { seat: `seat ${p % 4}` } }));
const ofTaste = (person: number): number[] =>
  Array.from({ length: 10 }, (_, i) => 2 * ((i + person) % 10) + (person % 2));
const events: CatalogueEvent[] = people.flatMap(({ id }, p) =>
  ofTaste(p)
    .slice(0, 3)
    .map((item, n) => ({ personId: id, itemId: `i${item}`, kind: "like", at: 1e12 + n })),
);
const { dataset } = buildDataset({ items, people, events });
const rowsOf = (from: number, to: number) => ({
  offsets: Int32Array.from({ length: 41 }, (_, row) => row * (to - from)),
  items: Int32Array.from(
    people.flatMap((_, p) =>
      ofTaste(p)
        .slice(from, to)
        .sort((a, b) => a - b),
    ),
  ),
});
const everybody = Int32Array.from(people.keys());
const set: EvaluationSet = {
  people: everybody,
  given: historiesOf(dataset, everybody),
  held: rowsOf(3, 10),
  seen: rowsOf(0, 3),
  candidates: undefined,
};
const features = fitFeatures(
  parseFeatureSchema({
    kind: "feature-schema",
    name: "importance",
    version: 1,
    item: [
      { kind: "id", name: "id" },
      { kind: "category", name: "genre", field: "genre" },
      { kind: "number", name: "length", field: "length" },
    ],
    user: [
      { kind: "history", name: "history" },
      { kind: "distribution", name: "genreShare", of: "genre" },
      { kind: "category", name: "seat", field: "seat" },
      { kind: "activity", name: "activity" },
    ],
  }),
  dataset,
);

/** Towers that know one feature of each side and nothing else: the vector is the row of the genre's table. */
function genreTowers(): Towers {
  const oneHot = (rows: EncodedRows, feature: string): Float32Array => {
    const vectors = new Float32Array(rows.rows * 3);
    const { offsets, indices, weights } = rows.bags[feature]!;
    for (let row = 0; row < rows.rows; row++) {
      for (let e = offsets[row]!; e < offsets[row + 1]!; e++) vectors[row * 3 + indices[e]!]! += weights[e]!;
    }
    return vectors;
  };
  return {
    dims: 3,
    features,
    embedEncodedUsers: async (rows: EncodedRows) => oneHot(rows, "genreShare"),
    embedEncodedItems: async (rows: EncodedRows) => oneHot(rows, "genre"),
  } as unknown as Towers;
}

const runtime = createPortableRuntime();

describe("featureImportance", () => {
  // In their place the features give NDCG@10 = 1: the seven to find are what is left of the genre. A viewer who gets
  // another's genreShare either gets one of their own taste (nothing lost) or of the other: then ten others come first, and
  // NDCG@10 is 0. So a shuffle costs the share of the viewers with the other taste, 20 / 39 on average.
  test("[EX8] a shuffle costs what the towers had from the feature, and nothing where they do not read it", async () => {
    const found = await featureImportance(genreTowers(), { set, items, runtime, repeats: 10 });
    expect(found).toMatchObject({ ndcg: 1, viewers: 40 });
    const of = (side: string, feature: string) =>
      found.features.find((one) => one.side === side && one.feature === feature)!;
    expect(found.features).toHaveLength(7);
    for (const [side, feature] of [
      ["user", "history"],
      ["user", "seat"],
      ["user", "activity"],
      ["item", "id"],
      ["item", "length"],
    ] as const) {
      expect(of(side, feature)).toEqual({ side, feature, mean: 0, low: 0, high: 0 });
    }
    const share = of("user", "genreShare");
    expect(share.low).toBeLessThan(20 / 39);
    expect(share.high).toBeGreaterThan(20 / 39);
    expect(share.high - share.low).toBeLessThan(0.2);
    expect(of("item", "genre").low).toBeGreaterThan(0.2);
    expect(
      found.features
        .slice(0, 2)
        .map(({ feature }) => feature)
        .sort(),
    ).toEqual(["genre", "genreShare"]);
  });

  test("the same seed gives the same, fewer viewers are ranked where told, and a stop is heard", async () => {
    const options = { set, items, runtime, repeats: 2, maxViewers: 10, seed: 7 };
    const [one, two] = [
      await featureImportance(genreTowers(), options),
      await featureImportance(genreTowers(), options),
    ];
    expect(one).toEqual(two);
    expect(one.viewers).toBe(10);
    const signal = AbortSignal.abort();
    await expect(featureImportance(genreTowers(), { ...options, signal })).rejects.toMatchObject({
      code: "cancelled",
    });
    await expect(featureImportance(genreTowers(), { ...options, repeats: 1 })).rejects.toThrow(RangeError);
  });
});
