import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ndcgAt } from "./metrics/ndcg.ts";
import { createRanker } from "./ranking.ts";
import type { EvaluationSet } from "./split.ts";
import { datasetFromMatrix, everybody } from "./test-data.conformance.ts";

function setOf(held: number[], seen: number[] = [], candidates?: number[]): EvaluationSet {
  return {
    people: Int32Array.of(0),
    given: everybody(datasetFromMatrix([[1]])),
    held: { offsets: Int32Array.of(0, held.length), items: Int32Array.from(held) },
    seen: { offsets: Int32Array.of(0, seen.length), items: Int32Array.from(seen) },
    candidates: candidates === undefined ? undefined : Int32Array.from(candidates),
  };
}

describe("createRanker()", () => {
  test("[EV1] ranks as sorting the whole catalogue does, ties included", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom("held", "seen", "other")), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 0, max: 12 }),
        (rows, topK) => {
          const scores = Float32Array.from(rows, ([score]) => score);
          const those = (part: string): number[] => rows.flatMap(([, own], i) => (own === part ? [i] : []));
          if (those("held").length === 0) return;
          const options = { itemCount: rows.length, topK: rows.length };
          // The order of everything by a ranker that has nothing to hide is the order to expect.
          const whole = createRanker(setOf(those("held")), options).rank(0, scores).top;
          for (let i = 1; i < whole.length; i++) {
            expect(scores[whole[i]!]).toBeLessThanOrEqual(scores[whole[i - 1]!]!);
          }
          const expected = [...whole].filter((item) => rows[item]![1] !== "seen");
          const ranking = createRanker(setOf(those("held"), those("seen")), { ...options, topK }).rank(
            0,
            scores,
          );
          expect(ranking.candidates).toBe(expected.length);
          expect([...ranking.top]).toEqual(expected.slice(0, topK));
          expect([...ranking.held]).toEqual(expected.filter((item) => rows[item]![1] === "held"));
          expect([...ranking.ranks]).toEqual([...ranking.held].map((item) => expected.indexOf(item) + 1));
        },
      ),
    );
  });

  test("[EV2] a constant scorer is no better than chance, wherever the held items stand", () => {
    // 20 held of 1,000: by chance NDCG@10 is .02 and the mean rank 500.5; over 50 windows the mean stays close.
    const items = 1000;
    const constant = new Float32Array(items).fill(1);
    const windows = Array.from({ length: 50 }, (_, w) => Array.from({ length: 20 }, (_, i) => 20 * w + i));
    const rankings = windows.map((held) =>
      createRanker(setOf(held), { itemCount: items, topK: 0 }).rank(0, constant),
    );
    expect(ndcgAt(rankings[0]!.ranks, 10)).toBeLessThan(0.25);
    const mean = rankings.reduce((sum, { ranks }) => sum + ndcgAt(ranks, 10), 0) / rankings.length;
    expect(mean).toBeGreaterThan(0.01);
    expect(mean).toBeLessThan(0.03);
    for (const { ranks } of rankings) {
      const rank = ranks.reduce((sum, one) => sum + one, 0) / ranks.length;
      expect(Math.abs(rank - 500)).toBeLessThan(250);
    }
  });

  test("ranks the candidates alone where there are some", () => {
    const ranking = createRanker(setOf([3], [], [2, 3]), { itemCount: 5, topK: 5 });
    expect(ranking.rank(0, Float32Array.of(9, 9, 1, 2, 9))).toMatchObject({
      ranks: Int32Array.of(1),
      candidates: 2,
      top: Int32Array.of(3, 2),
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses the score %s", (score) => {
    const ranker = createRanker(setOf([0]), { itemCount: 2, topK: 1 });
    expect(() => ranker.rank(0, Float32Array.of(1, score))).toThrow(RangeError);
  });
});
