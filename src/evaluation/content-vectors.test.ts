import { expect, test } from "vitest";
import { buildDataset, type Item } from "../catalogue/mod.ts";
import { fitFeatures, parseFeatureSchema } from "../features/mod.ts";
import { contentKnnScorer } from "./baselines/content-knn.ts";
import { contentVectors, genreVectors } from "./content-vectors.ts";
import { datasetFromMatrix, everybody } from "./test-data.conformance.ts";

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "made_up",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "bag", name: "genre", field: "genres", minCount: 1 },
    { kind: "category", name: "maker", field: "maker", minCount: 1 },
  ],
  user: [{ kind: "history", name: "history" }],
});
const item = (id: string, fields: Item["fields"]): Item => ({ id, title: "", fields });
const known = [item("i0", { genres: ["a", "b"], maker: "m" }), item("i1", { genres: ["a"], maker: "n" })];
const fitted = fitFeatures(schema, buildDataset({ items: known, people: [], events: [] }).dataset);

function cosine(vectors: ReturnType<typeof contentVectors>, a: number, b: number): number {
  const row = (r: number) =>
    new Map(
      Array.from({ length: vectors.offsets[r + 1]! - vectors.offsets[r]! }, (_, e) => {
        const at = vectors.offsets[r]! + e;
        return [vectors.indices[at]!, vectors.weights[at]!] as const;
      }),
    );
  const other = row(b);
  return [...row(a)].reduce((sum, [column, weight]) => sum + weight * (other.get(column) ?? 0), 0);
}

test("[EV13] content vectors have unit length, each kind of content weighs the same, ids and unknown values nothing", () => {
  const vectors = contentVectors(fitted, [
    ...known,
    item("new", { genres: ["a"], maker: "m" }),
    item("strange", { genres: ["never seen"] }),
  ]);
  for (const row of [0, 1, 2]) expect(cosine(vectors, row, row)).toBeCloseTo(1, 6);
  // i0 and the new item: genres (1, 1)/√2 · (1, 0) = 1/√2, makers 1; each counts half.
  expect(cosine(vectors, 0, 2)).toBeCloseTo((Math.SQRT1_2 + 1) / 2, 6);
  expect(cosine(vectors, 1, 2)).toBeCloseTo(1 / 2, 6);
  expect(vectors.offsets[4]! - vectors.offsets[3]!).toBe(0);
});

test("genreVectors() needs no features", () => {
  const vectors = genreVectors([...known, item("none", {})]);
  expect(cosine(vectors, 0, 1)).toBeCloseTo(Math.SQRT1_2, 6);
  expect(vectors.offsets[3]).toBe(vectors.offsets[2]);
});

test("contentKnnScorer() scores by the cosine to the mean of what was liked", async () => {
  const vectors = genreVectors([...known, item("i2", { genres: ["b"] }), item("i3", {})]);
  const scores = await contentKnnScorer(vectors).score(
    everybody(
      datasetFromMatrix([
        [0, 1, 1, 0],
        [0, 0, 0, 1],
      ]),
    ),
  );
  // Likes a and b: the profile (1, 1)/√2. Who liked what has no content gets 0 for all.
  const expected = [1, Math.SQRT1_2, Math.SQRT1_2, 0, 0, 0, 0, 0];
  for (const [i, value] of expected.entries()) expect(scores[i], `at ${i}`).toBeCloseTo(value, 6);
});
