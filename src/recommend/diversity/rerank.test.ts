import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../base/mod.ts";
import { dppGain } from "./greedy-dpp.ts";
import { type DiversityMethod, rerank } from "./rerank.ts";

const methods: readonly DiversityMethod[] = ["mmr", "dpp"];

function unitVectors(seed: number, { rows, dims }: { rows: number; dims: number }) {
  const random = createRandom(seed);
  const values = new Float32Array(rows * dims);
  for (let r = 0; r < rows; r++) {
    const row = Array.from({ length: dims }, () => random.next() - 0.5);
    const length = Math.hypot(...row);
    values.set(
      row.map((x) => x / length),
      r * dims,
    );
  }
  return { values, dims };
}

/** Rankings of up to 12 candidates, with makers, as [scores best first, vectors, makers]. */
const rankings = fc
  .record({ seed: fc.integer(), rows: fc.integer({ min: 1, max: 12 }), dims: fc.integer({ min: 1, max: 4 }) })
  .map(({ seed, rows, dims }) => {
    const random = createRandom(seed);
    return {
      scores: Array.from({ length: rows }, () => Math.round(10 * random.next()) / 10).sort((a, b) => b - a),
      vectors: unitVectors(seed, { rows, dims }),
      makers: Array.from({ length: rows }, () => `maker ${random.integer(3)}`),
    };
  });

describe("rerank", () => {
  // Three alike (a, b, c: cosine 0.8 or more), one apart (d). Relevance, from scores on 0-1: 1, 0.9, 0.8, 0.
  //   a = (1, 0), b = (0.8, 0.6), c = (1, 0), d = (0, 1): ab 0.8, ac 1, ad 0, bc 0.8, bd 0.6, cd 0.
  const scores = [1, 0.9, 0.8, 0];
  const vectors = { values: Float32Array.of(1, 0, 0.8, 0.6, 1, 0, 0, 1), dims: 2 };

  test("by MMR: relevance less the likeness to the most alike pick", () => {
    // diversity 0.5, first a. Then b 0.45 − 0.4 = 0.05, c 0.4 − 0.5 = −0.1, d 0 − 0 = 0: b. Then c −0.1, d 0 − 0.3: c.
    expect(rerank({ scores, vectors }, { limit: 4, diversity: 0.5, method: "mmr" })).toEqual([0, 1, 2, 3]);
    // diversity 0.6: b 0.36 − 0.48 = −0.12, c 0.32 − 0.6 = −0.28, d 0: d. Then b (0.8 to a) −0.12, c −0.28: b.
    expect(rerank({ scores, vectors }, { limit: 4, diversity: 0.6, method: "mmr" })).toEqual([0, 3, 1, 2]);
  });

  test("by a DPP: relevance and the volume that is spanned", () => {
    // diversity 0.5, first a (all volumes are 1). Then d² = 1 − (0.99 s)²: b 1 − 0.627 = 0.373, c 1 − 0.980 = 0.020, d 1.
    // b 0.45 + 0.5 ln 0.373 = −0.04, c 0.4 + 0.5 ln 0.020 = −1.56, d 0: d.
    // Then b, by both: e against d = 0.99 · 0.6 = 0.594, d² = 0.373 − 0.353 = 0.020: 0.45 − 1.96 = −1.51; c as before −1.56: b.
    expect(rerank({ scores, vectors }, { limit: 4, diversity: 0.5, method: "dpp" })).toEqual([0, 3, 1, 2]);
    // diversity 0.1: b 0.81 + 0.1 ln 0.373 = 0.71, c 0.72 − 0.39 = 0.33, d 0: b; then c 0.33 or less, d 0.1 ln (1 − 0.353 −
    // what a took) < 0: c.
    expect(rerank({ scores, vectors }, { limit: 4, diversity: 0.1, method: "dpp" })).toEqual([0, 1, 2, 3]);
  });

  test("[RC17] diversity 0, or no vectors, leaves the ranking as it was", () => {
    fc.assert(
      fc.property(rankings, fc.constantFrom(...methods), ({ scores, vectors }, method) => {
        const all = scores.map((_, i) => i);
        expect(rerank({ scores, vectors }, { limit: 99, diversity: 0, method })).toEqual(all);
        expect(rerank({ scores }, { limit: 99, diversity: 0.7, method })).toEqual(all);
      }),
    );
  });

  test("whatever the diversity, each candidate comes once, and the best one first", () => {
    fc.assert(
      fc.property(
        rankings,
        fc.constantFrom(...methods),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ scores, vectors }, method, diversity) => {
          const order = rerank({ scores, vectors }, { limit: 99, diversity, method });
          expect(order.toSorted((a, b) => a - b)).toEqual(scores.map((_, i) => i));
          expect(order[0]).toBe(0);
        },
      ),
    );
  });

  test("[RC18] caps hold, and nobody is left out whom they allow", () => {
    fc.assert(
      fc.property(
        rankings,
        fc.constantFrom(...methods),
        fc.integer({ min: 1, max: 3 }),
        ({ scores, vectors, makers }, method, most) => {
          const caps = [{ most, valuesOf: (i: number) => [makers[i]!] }];
          const order = rerank({ scores, vectors }, { limit: 99, diversity: 0.5, method, caps });
          const counts = (of: readonly number[]) => {
            const count = new Map<string, number>();
            for (const i of of) count.set(makers[i]!, (count.get(makers[i]!) ?? 0) + 1);
            return count;
          };
          const there = counts(makers.map((_, i) => i));
          for (const [maker, count] of counts(order)) {
            expect(count).toBe(Math.min(most, there.get(maker)!));
          }
          expect(counts(order).size).toBe(there.size);
        },
      ),
    );
  });

  test("a candidate of several values counts for each, and one without any is always allowed", () => {
    const performers = [["A", "B"], ["B", "C"], [], ["A", "A"], ["C"], []];
    const caps = [{ most: 1, valuesOf: (i: number) => performers[i]! }];
    // A and B are taken by the first: the second (B) and the fourth (A) may not follow.
    expect(rerank({ scores: [6, 5, 4, 3, 2, 1] }, { limit: 6, caps })).toEqual([0, 2, 4, 5]);
  });

  test("what does not compete follows in its order, and behind the places scores decide", () => {
    // The last two are like nothing, and would come second if they competed.
    const wide = { values: Float32Array.of(1, 0, 1, 0, 1, 0, 0, 0, 0, 0), dims: 2 };
    const five = [1, 0.9, 0.8, 0.1, 0];
    const options = { limit: 5, diversity: 1, method: "mmr" } as const;
    expect(rerank({ scores: five, vectors: wide }, options)).toEqual([0, 3, 4, 1, 2]);
    expect(rerank({ scores: five, vectors: wide }, { ...options, competing: 3 })).toEqual([0, 1, 2, 3, 4]);
    expect(rerank({ scores: five, vectors: wide }, { ...options, places: 2 })).toEqual([0, 3, 1, 2, 4]);
  });

  test.each([-0.1, 1.1, Number.NaN])("refuses a diversity of %s", (diversity) => {
    expect(() => rerank({ scores: [1] }, { limit: 1, diversity })).toThrow(RangeError);
  });
});

describe("dppGain", () => {
  test("adds up to (1 − diversity) · relevance + diversity · log det of what was picked, for any order of picks", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const n = 5;
      const { values, dims } = unitVectors(seed, { rows: n, dims: 3 });
      const relevance = Float64Array.from({ length: n }, (_, i) => 1 - i / n);
      const s = (i: number, j: number) =>
        i === j
          ? 1
          : 0.99 *
            Array.from({ length: dims }, (_, d) => values[i * dims + d]! * values[j * dims + d]!).reduce(
              (a, b) => a + b,
            );
      const diversity = 0.4;
      const gain = dppGain({ relevance, vectors: values, dims }, diversity);
      const picks = createRandom(seed).fork("order").next() < 0.5 ? [0, 1, 2, 3, 4] : [3, 1, 4, 0, 2];
      let sum = 0;
      for (const [k, pick] of picks.entries()) {
        sum += gain.of(pick);
        gain.picked(pick);
        const chosen = picks.slice(0, k + 1);
        const matrix = chosen.map((i) => chosen.map((j) => s(i, j)));
        const expected =
          chosen.reduce((total, i) => total + (1 - diversity) * relevance[i]!, 0) +
          diversity * Math.log(determinant(matrix));
        expect(sum).toBeCloseTo(expected, 5);
      }
    }
  });
});

// By the first row, which needs nothing that the code under test does.
function determinant(matrix: readonly (readonly number[])[]): number {
  if (matrix.length === 0) return 1;
  return matrix[0]!.reduce((sum, value, column) => {
    const minor = matrix.slice(1).map((row) => row.filter((_, c) => c !== column));
    return sum + (column % 2 === 0 ? 1 : -1) * value * determinant(minor);
  }, 0);
}
