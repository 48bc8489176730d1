import { describe, expect, test } from "vitest";
import { genreVectors } from "../content-vectors.ts";
import { areaUnderRoc } from "./auc.ts";
import { areaUnderPrecisionRecall } from "./auc-pr.ts";
import { averagePrecision } from "./average-precision.ts";
import { coverageAt } from "./coverage.ts";
import { diversityAt, genresOf } from "./diversity.ts";
import { hitRateAt } from "./hit-rate.ts";
import { intraListDiversityAt } from "./intra-list.ts";
import { ndcgAt } from "./ndcg.ts";
import { noveltyAt, selfInformation } from "./novelty.ts";
import { precisionAt } from "./precision.ts";
import { recallAt } from "./recall.ts";
import { reciprocalRank } from "./reciprocal-rank.ts";

// Three held items among six candidates, found at ranks 2, 3 and 6: - + + - - +
const ranks = Int32Array.of(2, 3, 6);

describe("metrics of one ranking, each derived by hand", () => {
  test("precisionAt() divides the hits by k, also where fewer are held", () => {
    expect(precisionAt(ranks, 1)).toBe(0);
    expect(precisionAt(ranks, 4)).toBe(2 / 4);
    expect(precisionAt(ranks, 10)).toBe(3 / 10);
  });

  test("recallAt() divides by min(k, held) or by held", () => {
    expect(recallAt(ranks, 2, "min(k, held)")).toBe(1 / 2);
    expect(recallAt(ranks, 2, "held")).toBe(1 / 3);
    expect(recallAt(ranks, 10, "min(k, held)")).toBe(1);
  });

  test("ndcgAt() is the discounted gain over that of the best ranking cut at min(k, held)", () => {
    // k 2: 1/log2(3) over 1/log2(2) + 1/log2(3)
    expect(ndcgAt(ranks, 2)).toBeCloseTo(0.6309298 / 1.6309298, 6);
    // k 10: 1/log2(3) + 1/log2(4) + 1/log2(7) over 1 + 1/log2(3) + 1/log2(4)
    expect(ndcgAt(ranks, 10)).toBeCloseTo((0.6309298 + 0.5 + 0.3562072) / (1 + 0.6309298 + 0.5), 6);
    expect(ndcgAt(Int32Array.of(1, 2, 3), 2)).toBe(1);
    expect(ndcgAt(Int32Array.of(11), 10)).toBe(0);
  });

  test("hitRateAt(), reciprocalRank() look at the first hit", () => {
    expect([1, 2, 3].map((k) => hitRateAt(ranks, k))).toEqual([0, 1, 1]);
    expect(reciprocalRank(ranks)).toBe(1 / 2);
  });

  test("averagePrecision() is the mean precision at the hits", () => {
    expect(averagePrecision(ranks)).toBeCloseTo((1 / 2 + 2 / 3 + 3 / 6) / 3, 12);
  });

  test("areaUnderRoc() is the share of pairs in the right order", () => {
    // Not held stand at 1, 4, 5. Right pairs: rank 2 beats 2, rank 3 beats 2, rank 6 beats 0, of 3 × 3.
    expect(areaUnderRoc(ranks, 6)).toBeCloseTo(4 / 9, 12);
    expect(areaUnderRoc(Int32Array.of(1, 2), 5)).toBe(1);
    expect(areaUnderRoc(Int32Array.of(4, 5), 5)).toBe(0);
    expect(areaUnderRoc(Int32Array.of(1, 2), 2)).toBe(1);
  });

  test("areaUnderPrecisionRecall() sums trapezoids over recall", () => {
    // Precision before and at the hits: rank 2: 0/1, 1/2; rank 3: 1/2, 2/3; rank 6: 2/5, 3/6. Each spans 1/3 of recall.
    const expected = ((0 + 1 / 2) / 2 + (1 / 2 + 2 / 3) / 2 + (2 / 5 + 3 / 6) / 2) / 3;
    expect(areaUnderPrecisionRecall(ranks)).toBeCloseTo(expected, 12);
    expect(areaUnderPrecisionRecall(Int32Array.of(1, 2, 3))).toBe(1);
  });
});

describe("metrics of what is shown", () => {
  test("coverageAt() counts each item once", () => {
    const tops = [Int32Array.of(4, 2, 9), Int32Array.of(2, 7, 9)];
    expect(coverageAt(tops, { k: 2, candidates: 10 })).toBe(3 / 10);
  });

  test("diversityAt() is the entropy of genres in bits", () => {
    const genres = genresOf(
      [["a"], ["b"], ["a", "b"], ["c"], []].map((own, i) => ({
        id: `${i}`,
        title: "",
        fields: { genres: own },
      })),
    );
    expect(diversityAt(Int32Array.of(0, 1), 2, genres)).toBe(1);
    expect(diversityAt(Int32Array.of(0, 4), 2, genres)).toBeCloseTo(0, 12);
    // Votes a 1.5, b 0.5 of 2: -(.75 log2 .75 + .25 log2 .25) = .8112781
    expect(diversityAt(Int32Array.of(0, 2, 3), 2, genres)).toBeCloseTo(0.8112781, 6);
    expect(diversityAt(Int32Array.of(4), 1, genres)).toBe(0);
  });

  test("intraListDiversityAt() is 1 - the mean cosine of all pairs, items without content passed over", () => {
    const vectors = genreVectors(
      [["a"], ["b"], ["a", "b"], []].map((genres, i) => ({ id: `${i}`, title: "", fields: { genres } })),
    );
    // cos(a, b) 0, cos(a, ab) = cos(b, ab) = 1/√2: mean of the three √2/3.
    expect(intraListDiversityAt(Int32Array.of(0, 1, 2), 3, vectors)).toBeCloseTo(1 - Math.SQRT2 / 3, 6);
    expect(intraListDiversityAt(Int32Array.of(0, 1, 2), 2, vectors)).toBeCloseTo(1, 6);
    expect(intraListDiversityAt(Int32Array.of(2, 3, 2), 3, vectors)).toBeCloseTo(0, 6);
    expect(intraListDiversityAt(Int32Array.of(0, 3), 2, vectors)).toBe(0);
  });

  test("noveltyAt() is the mean self-information in bits", () => {
    // (3 + 1) / (7 + 1) = 1/2: 1 bit; (0 + 1) / (7 + 1): 3 bits.
    const information = selfInformation(Int32Array.of(3, 0), 7);
    expect([...information]).toEqual([1, 3]);
    expect(noveltyAt(Int32Array.of(0, 1), 2, information)).toBe(2);
    expect(noveltyAt(Int32Array.of(), 2, information)).toBe(0);
  });
});
