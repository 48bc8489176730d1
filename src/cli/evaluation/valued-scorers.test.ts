import { expect, test } from "vitest";
import { buildDataset } from "../../catalogue/mod.ts";
import { splitRandom } from "../../evaluation/mod.ts";
import type { Histories } from "../../features/mod.ts";
import type { TowerScorer } from "../../towers/mod.ts";
import { checkFormulas, valuedScorers } from "./valued-scorers.ts";

test("[VF6] an evaluation ranks the best by the formula as the service does, each viewer by their own vector", async () => {
  const items = ["a", "b", "c"].map((id) => ({ id, title: "", fields: {} }));
  const people = ["p", "q"].map((id) => ({ id, fields: {} }));
  const events = people.flatMap(({ id }, p) =>
    items.map((item, i) => ({ personId: id, itemId: item.id, kind: "like" as const, at: 10 * p + i })),
  );
  const split = splitRandom(buildDataset({ items, people, events }).dataset, { seed: 1 });
  // Similarity is the third component alone: c, b, a for both. The head reads the first, where they are opposites: for p it
  // is a, b, c, and for q c, b, a.
  const itemVectors = Float32Array.of(0.3, 0, 0.1, 0.2, 0, 0.2, 0.1, 0, 0.3);
  const users = Float32Array.of(1, 0, 1, -1, 0, 1);
  const towers: TowerScorer = {
    name: "towers",
    itemVectors,
    embed: async () => users,
    score: async () => Float32Array.of(0.1, 0.2, 0.3, 0.1, 0.2, 0.3),
    close: async () => {},
  };
  const nobody = {
    offsets: new Int32Array(3),
    item: new Int32Array(0),
  } as unknown as Histories;
  const heads = {
    kind: "served_heads",
    heads: { like: { weights: [1, 0, 0], scale: 10, bias: 0 } },
  } as const;
  const [byLike, bySimilarity] = valuedScorers(towers, split, {
    formulas: [{ like: 1 }, { similarity: 1, like: 0.001 }],
    heads,
  });
  expect(byLike!.name).toBe("towers, value like=1");
  const order = async (scorer: typeof byLike) => {
    const scores = await scorer!.score(nobody);
    return [0, 1].map((row) => [0, 1, 2].toSorted((x, y) => scores[3 * row + y]! - scores[3 * row + x]!));
  };
  expect(await order(byLike)).toEqual([
    [0, 1, 2],
    [2, 1, 0],
  ]);
  // Chances differ by 0.23 at most, which 0.001 of leaves nothing against 0.1.
  expect(await order(bySimilarity)).toEqual([
    [2, 1, 0],
    [2, 1, 0],
  ]);
});

test("formulas over heads that are not trained are refused", () => {
  expect(() => checkFormulas([{ similarity: 1, like: 0 }], undefined)).not.toThrow();
  expect(() => checkFormulas([{ nope: -1 }], { nopeHeadWeight: 0.1 })).not.toThrow();
  expect(() => checkFormulas([{ nope: -1, watch: 1 }], { nopeHeadWeight: 0.1 })).toThrow(/watchHeadWeight/);
});
