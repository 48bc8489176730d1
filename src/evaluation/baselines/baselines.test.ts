import { describe, expect, test } from "vitest";
import { createPlainProduct } from "../../onnx/mod.ts";
import { sliceHistories } from "../evaluation-set.ts";
import { meanNdcg } from "../rank-all.ts";
import type { Scorer } from "../scorer.ts";
import { splitBy } from "../split-by.ts";
import { checkerboard, datasetFromMatrix, everybody } from "../test-data.conformance.ts";
import { validationQuality } from "../validation-quality.ts";
import { chanceScorer } from "./chance.ts";
import { fitEase } from "./ease.ts";
import { fitIals, startIals } from "./ials.ts";
import { type Interactions, interactionsOf } from "./interactions.ts";
import { fitItemKnn } from "./item-knn.ts";
import { createRowSolver } from "./least-squares.ts";
import { fitPopularity } from "./popularity.ts";
import { tuneIals } from "./tune-ials.ts";

// The oracle figures below are NumPy's over this matrix X (6 people × 5 items).
const matrix = [
  [1, 1, 0, 0, 1],
  [1, 0, 1, 0, 0],
  [0, 1, 1, 1, 0],
  [1, 1, 0, 1, 0],
  [0, 0, 1, 0, 1],
  [1, 0, 0, 1, 1],
];
const dataset = datasetFromMatrix(matrix);
const interactions = interactionsOf(dataset);
const product = createPlainProduct();
/** One person for each item, who liked that one alone: scores are then rows of an item-to-item map. */
const oneEach = everybody(
  datasetFromMatrix(matrix[0]!.map((_, i, all) => all.map((_, j) => (i === j ? 1 : 0)))),
);

function expectClose(actual: Float32Array, expected: readonly (readonly number[])[]): void {
  expect(actual.length).toBe(expected.flat().length);
  for (const [i, value] of expected.flat().entries()) expect(actual[i], `at ${i}`).toBeCloseTo(value, 5);
}

describe("[EV6] baselines agree with NumPy on a small matrix", () => {
  test("fitPopularity() scores by number of likes", async () => {
    const scores = await fitPopularity(interactions).score(everybody(datasetFromMatrix([[1, 0, 0, 0, 0]])));
    expect([...scores]).toEqual([4, 3, 3, 3, 3]);
  });

  test("fitItemKnn() scores by shrunk cosine", async () => {
    // n = X.sum(0); S = XᵀX / (sqrt(outer(n, n)) + 1), zero diagonal
    const scores = await fitItemKnn(interactions, { shrinkage: 1 }).score(oneEach);
    expectClose(scores, [
      [0, 0.4480185, 0.2240092, 0.4480185, 0.4480185],
      [0.4480185, 0, 0.25, 0.5, 0.25],
      [0.2240092, 0.25, 0, 0.25, 0.25],
      [0.4480185, 0.5, 0.25, 0, 0.25],
      [0.4480185, 0.25, 0.25, 0.25, 0],
    ]);
  });

  test("fitItemKnn() keeps the nearest neighbours alone", async () => {
    const scores = await fitItemKnn(interactions, { shrinkage: 1, neighbours: 1 }).score(oneEach);
    // Item 0's nearest is 1 (ties to the lower index), 1's is 3, 2's is 1, 3's is 1, 4's is 0.
    expectClose(scores, [
      [0, 0, 0, 0, 0.4480185],
      [0.4480185, 0, 0.25, 0.5, 0],
      [0, 0, 0, 0, 0],
      [0, 0.5, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  test("fitEase() gives the closed form", async () => {
    // P = inv(XᵀX + 2 I); B = -P / diag(P); B[diag] = 0
    const scorer = await fitEase(interactions, { product, lambdas: [2] });
    expectClose(await scorer.score(oneEach), [
      [0, 0.2076923, 0.0479452, 0.2076923, 0.2830189],
      [0.2368421, 0, 0.109589, 0.2903846, 0.0440252],
      [0.0460526, 0.0923077, 0, 0.0923077, 0.1257862],
      [0.2368421, 0.2903846, 0.109589, 0, 0.0440252],
      [0.2960526, 0.0403846, 0.1369863, 0.0403846, 0],
    ]);
  });

  test("createRowSolver() solves every row as a direct solver does", async () => {
    // A = V[i].T @ V[i] + .3 V.T @ V + .05 (len(i) + .3 · 5) I; w = solve(A, V[i].sum(0))
    const fixed = Float32Array.of(
      0.5,
      -0.2,
      0.1,
      0.3,
      0.4,
      -0.1,
      -0.2,
      0.6,
      0.3,
      0.1,
      0.1,
      0.7,
      0.4,
      -0.5,
      0.2,
    );
    const solver = createRowSolver({ product, dims: 3, regularisation: 0.05, unobservedWeight: 0.3 });
    const vectors = new Float32Array(18).fill(0.1);
    // Three steps of conjugate gradients are exact in three dimensions but for rounding.
    await solver.solve(interactions.byUser, vectors, { fixed, steps: 4 });
    expectClose(vectors, [
      [1.3626147, 0.0781209, 0.061137],
      [0.771822, 0.6485371, 0.5588258],
      [0.5039847, 0.9823428, 0.6560407],
      [1.1585807, 0.5059245, 0.5812032],
      [0.3978946, 0.1575824, 0.9296786],
      [0.8339466, -0.3455637, 0.8335867],
    ]);
  });
});

describe("chanceScorer()", () => {
  test("draws anew for each viewer, and the same however viewers are batched", async () => {
    const scorer = chanceScorer(100, { seed: 5 });
    const all = await scorer.score(oneEach);
    const [first, second] = [all.subarray(0, 100), all.subarray(100, 200)];
    expect(first).not.toEqual(second);
    expect(await scorer.score(sliceHistories(oneEach, 1, 2))).toEqual(second.slice());
    expect(first.reduce((sum, score) => sum + score, 0) / 100).toBeCloseTo(0.5, 0);
  });
});

describe("createRowSolver()", () => {
  test("gives the same whether likes are walked or multiplied", async () => {
    // One like among 300 others is walked; the same likes among 20 others are multiplied.
    const dims = 4;
    const likes = { offsets: Int32Array.of(0, 1, 1), items: Int32Array.of(2) };
    const few = Float32Array.from({ length: 20 * dims }, (_, i) => Math.sin(i * i));
    const many = new Float32Array(300 * dims);
    many.set(few);
    const solveWith = async (fixed: Float32Array): Promise<Float32Array> => {
      // Without a penalty that counts rows, rows of zeros make no difference.
      const solver = createRowSolver({ product, dims, regularisation: 1e-9, unobservedWeight: 0.5 });
      const vectors = new Float32Array(2 * dims);
      await solver.solve(likes, vectors, { fixed, steps: 8 });
      return vectors;
    };
    const walked = await solveWith(many);
    const multiplied = await solveWith(few);
    for (let i = 0; i < walked.length; i++) expect(walked[i]).toBeCloseTo(multiplied[i]!, 4);
    expect([...walked.subarray(dims)]).toEqual([0, 0, 0, 0]);
  });
});

describe("[EV7] on a checkerboard", () => {
  const split = splitBy(checkerboard({ people: 80, items: 40, share: 0.6 }), "strong");
  const options = { itemCount: 40, k: 10 };
  const fits: Record<string, (x: Interactions) => ReturnType<typeof fitEase> | ReturnType<typeof fitIals>> = {
    ease: (x) => fitEase(x, { product, lambdas: [1, 10, 100], validation: split.validation }),
    ials: (x) => fitIals(x, { product, dims: 2, iterations: 5 }),
    "item-knn": async (x) => Object.assign(fitItemKnn(x), { lambda: 0 }),
  };

  test.each(Object.keys(fits))("%s ranks a viewer's own half first; popularity cannot", async (name) => {
    const x = interactionsOf(split.train);
    const scorer = await fits[name]!(x);
    // Every unseen item of the own half, 8 of 20 on average, comes before any of the other half.
    const given = split.test.given;
    const scores = await scorer.score(given);
    for (const row of split.test.people.keys()) {
      const half = given.item[given.offsets[row]!]! % 2;
      const own = scores.subarray(row * 40, (row + 1) * 40);
      const worst = Math.min(...own.filter((_, i) => i % 2 === half));
      expect(worst).toBeGreaterThan(Math.max(...own.filter((_, i) => i % 2 !== half)));
    }
    const popularity = await meanNdcg(fitPopularity(x), split.test, options);
    expect(await meanNdcg(scorer, split.test, options)).toBeGreaterThan(popularity + 0.1);
  });

  test("fitEase() refuses what it cannot do", async () => {
    const x = interactionsOf(split.train);
    await expect(fitEase(x, { product })).rejects.toThrow(RangeError);
    await expect(fitEase(x, { product, lambdas: [0] })).rejects.toThrow(RangeError);
    await expect(fitEase(x, { product, lambdas: [1], maxItems: 39 })).rejects.toThrow(/--min-item-events/);
  });

  test("fitIals() stops when it is cancelled", async () => {
    const signal = AbortSignal.abort();
    await expect(fitIals(interactionsOf(split.train), { product, signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});

describe("[EV16] settings are chosen by validation", () => {
  const split = splitBy(checkerboard({ people: 50, items: 16, share: 0.8 }), "strong");
  const x = interactionsOf(split.train);
  const validation = split.validation;
  const qualityOf = (scorer: Scorer) => validationQuality(scorer, validation, 16);

  test("fitEase() climbs from the middle penalty to a better one, and says which", async () => {
    const lambdas = [0.1, 1, 10, 100, 1000];
    const qualities = new Map<number, number>();
    for (const lambda of lambdas) {
      qualities.set(lambda, await qualityOf(await fitEase(x, { product, lambdas: [lambda] })));
    }
    const { lambda, chosen, ...scorer } = await fitEase(x, { product, lambdas, validation });
    expect(chosen).toEqual({ lambda, validationNdcg: qualities.get(lambda) });
    expect(await qualityOf(scorer)).toBe(qualities.get(lambda));
    expect(qualities.get(lambda)).toBeGreaterThanOrEqual(qualities.get(10)!);
    const at = lambdas.indexOf(lambda);
    // Where it stopped, one step further is no better.
    if (at > 2) expect(qualities.get(lambdas[at + 1]!) ?? 0).toBeLessThanOrEqual(qualities.get(lambda)!);
    if (at < 2) expect(qualities.get(lambdas[at - 1]!) ?? 0).toBeLessThanOrEqual(qualities.get(lambda)!);
  });

  test("tuneIals() is at least as good there as its default, and chooses the same again", async () => {
    const options = { product, validation, trials: 2 };
    const tuned = await tuneIals(x, options);
    const { validationNdcg } = tuned.chosen!;
    expect(await qualityOf(tuned)).toBe(validationNdcg);
    const fit = startIals(x, { product });
    for (let iteration = 0; iteration < 3; iteration++) await fit.iterate();
    expect(validationNdcg).toBeGreaterThanOrEqual(await qualityOf(fit.scorer()));
    expect((await tuneIals(x, options)).chosen).toEqual(tuned.chosen);
    await expect(tuneIals(x, { ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});
