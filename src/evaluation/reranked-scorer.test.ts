import { expect, test } from "vitest";
import { rerankedScorer } from "./reranked-scorer.ts";
import { datasetFromMatrix, everybody } from "./test-data.conformance.ts";

test("rerankedScorer() puts the chosen of the best first, without what was given, and leaves the rest behind", async () => {
  const histories = everybody(
    datasetFromMatrix([
      [1, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 1],
    ]),
  );
  const seen: number[][] = [];
  const scorer = rerankedScorer(
    { name: "by index", score: async () => Float32Array.of(6, 5, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6) },
    {
      name: "reranked",
      itemCount: 6,
      depth: 3,
      choose: ({ items, scores }) => {
        seen.push([...items], [...scores]);
        return [2, 0];
      },
    },
  );
  const scores = await scorer.score(histories);
  expect(seen).toEqual([
    [1, 2, 3],
    [5, 4, 3],
    [4, 3, 2],
    [5, 4, 3],
  ]);
  const ranked = (row: number): number[] => {
    const own = scores.subarray(row * 6, row * 6 + 6);
    return [0, 1, 2, 3, 4, 5].sort((a, b) => own[b]! - own[a]!);
  };
  // Positions 2 and 0 of the list, then the position that was not chosen, then everything else by its score.
  expect(ranked(0)).toEqual([3, 1, 2, 0, 4, 5]);
  expect(ranked(1)).toEqual([2, 4, 3, 5, 1, 0]);
  expect(scorer.name).toBe("reranked");
});
