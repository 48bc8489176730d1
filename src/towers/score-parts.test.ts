import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import type { EncodedRows, FittedFeatures, RowLayout } from "../features/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import { initialWeights, type Weights } from "./initial-weights.ts";
import { residualBound } from "./integrated-gradients.ts";
import { linearTables } from "./linear-part.ts";
import { servingInputs } from "./padded-bags.ts";
import { openScoreExplainer, type ScoreParts } from "./score-parts.ts";
import { exportTower } from "./serving-graph.ts";
import { resolveTowerConfig, type TowerOptions } from "./tower-config.ts";
import { towerParameters } from "./tower-parameters.ts";

const ort = await createOrtRuntime({ threads: 1 });
const runtimes = [ort, createPortableRuntime()];

const user: RowLayout = {
  denseWidth: 2,
  dense: [{ name: "numbers", offset: 0, width: 2 }],
  bags: [
    { name: "history", vocabulary: 9, role: "history" },
    { name: "genre", vocabulary: 4, role: "content" },
  ],
};
const historyAlone: RowLayout = { denseWidth: 0, dense: [], bags: [user.bags[0]!] };
const item: RowLayout = { denseWidth: 0, dense: [], bags: [{ name: "id", vocabulary: 9, role: "id" }] };

function tower(options: TowerOptions, layout: RowLayout, change: (weights: Weights) => void = () => {}) {
  const config = resolveTowerConfig({ preset: "lite", dims: 12, ...options });
  const layouts = { user: layout, item };
  const weights = initialWeights(config, {
    parameters: towerParameters(config, layouts),
    random: createRandom(3),
  });
  // Biases that start at 0 would make the baseline 0.
  for (const [name, values] of Object.entries(weights)) if (name.endsWith(".bias")) values.fill(0.1);
  // The linear part is not started: it is found.
  weights[linearTables.user]?.forEach((_, i, all) => {
    all[i] = i % 3 === 2 ? 1 : Math.sin(i + 1);
  });
  weights[linearTables.evidence]?.fill(0.5);
  weights[linearTables.reach]?.fill(0.75);
  weights[linearTables.doubt]?.fill(1.5);
  change(weights);
  const userOnnx = exportTower("user", { config, layouts, weights });
  // Of the features only the layouts are read.
  const features = { userLayout: layout, itemLayout: item } as FittedFeatures;
  return { config, weights, userOnnx, features };
}

const bag = (indices: readonly number[], weights: readonly number[]) => ({
  offsets: Int32Array.of(0, indices.length),
  indices: Int32Array.from(indices),
  weights: Float32Array.from(weights),
});
const viewer: EncodedRows = {
  rows: 1,
  dense: Float32Array.of(0.5, -1),
  bags: { history: bag([1, 4, 7], [0.6, 0.5, 0.62]), genre: bag([2, 0], [0.75, 0.25]) },
};

function itemVectors(count: number, dims = 12): Float32Array[] {
  const random = createRandom(8);
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: dims }, () => random.normal());
    const length = Math.hypot(...vector);
    return vector.map((x) => x / length);
  });
}

const ordered: RowLayout = {
  denseWidth: 2,
  dense: user.dense,
  bags: [user.bags[1]!],
  sequence: { name: "sequence", vocabulary: 9, steps: 8, kinds: 8, gaps: 28 },
};
const sequence = { width: 32, blocks: 2, heads: 2, feedForward: 16, dropout: 0 };
const steps = (items: readonly number[], gaps: readonly number[], kinds: readonly number[]) => ({
  offsets: Int32Array.of(0, items.length),
  items: Int32Array.from(items),
  gaps: Int32Array.from(gaps),
  kinds: Int32Array.from(kinds),
});
const inOrder: EncodedRows = {
  ...viewer,
  bags: { genre: viewer.bags["genre"]! },
  sequence: steps([0, 3, 8, 3, 5, 1], [0, 0, 4, 9, 1, 2], [0, 1, 5, 1, 2, 1]),
};

const total = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0);

function sumOfParts({ baseline, popularity, bags, dense, steps }: ScoreParts): number {
  const all = Object.values(bags).reduce((sum, parts) => sum + total(parts), 0);
  return baseline + popularity + all + total(dense) + total(steps);
}

describe("openScoreExplainer", () => {
  test.each([
    ["gelu", {}, user, viewer],
    ["relu, two layers", { activation: "relu", hidden: [16, 16] }, user, viewer],
    ["tanh output, narrow history", { outputActivation: "tanh", historyDims: 5, hidden: [7] }, user, viewer],
    ["linear", { hidden: [] }, user, viewer],
    ["with a linear part", { linearDims: 2 }, user, viewer],
    ["a sequence", { preset: "sequence-lite", sequence }, ordered, inOrder],
  ] as const)("[EX1] parts add up to the served score, in every runtime: %s", async (...given) => {
    const [, options, layout, viewer] = given;
    const { config, userOnnx, features } = tower(options, layout);
    const vectors = itemVectors(layout.sequence ? 4 : 20);
    // No item has anything where a linear part has what viewers lack.
    if (config.linearDims > 0) for (const vector of vectors) vector.fill(0, config.dims - 3, config.dims - 1);
    const session = await ort.load(userOnnx);
    const inputs = servingInputs(viewer, { layout, rows: Int32Array.of(0) });
    const served = Array.from((await session.run(inputs))["embedding"]!.data);
    await session.close();
    const found = await Promise.all(
      runtimes.map(async (runtime) => {
        const explainer = await openScoreExplainer(runtime, { userOnnx, config, features });
        const parts = await explainer.explain(viewer, vectors);
        await explainer.close();
        return parts;
      }),
    );
    for (const parts of found) {
      expect(parts).toHaveLength(vectors.length);
      for (const [i, one] of parts.entries()) {
        const score = served.reduce((sum, x, d) => sum + x * vectors[i]![d]!, 0);
        expect(one.score).toBeCloseTo(score, 5);
        if (layout.sequence === undefined) expect(Math.abs(one.residual)).toBeLessThanOrEqual(residualBound);
        expect(sumOfParts(one)).toBeCloseTo(one.score, 5);
      }
    }
    for (const [i, one] of found[0]!.entries()) {
      const other = found[1]![i]!;
      for (const [e, part] of (one.bags["history"] ?? one.steps).entries()) {
        expect((other.bags["history"] ?? other.steps)[e]).toBeCloseTo(part, 4);
      }
    }
  });

  // Without hidden layers o(x) = W h + b + h with h the sum of the history (the skip is as wide as the output), W the
  // history's rows of the output layer. So an entry's part is w · (T + T W) · v / (√2 ‖o‖), and nothing is left over.
  test("[EX1] is exact where the tower is linear", async () => {
    const { config, weights, userOnnx, features } = tower({ hidden: [] }, historyAlone);
    const explainer = await openScoreExplainer(ort, { userOnnx, config, features });
    const [vector] = itemVectors(1);
    const alone: EncodedRows = {
      rows: 1,
      dense: new Float32Array(0),
      bags: { history: viewer.bags["history"]! },
    };
    const [parts] = await explainer.explain(alone, [vector!]);
    await explainer.close();
    const table = weights["user.history.table"]!;
    const layer = weights["user.output.weight"]!;
    const through = (index: number): number[] =>
      Array.from({ length: 10 }, (_, out) => {
        let sum = table[index * 10 + out]!;
        for (let d = 0; d < 10; d++) sum += table[index * 10 + d]! * layer[d * 10 + out]!;
        return sum;
      });
    const { indices, weights: own } = alone.bags["history"]!;
    const rows = [...indices].map(through);
    const output = Array.from({ length: 10 }, (_, d) =>
      rows.reduce((sum, row, e) => sum + own[e]! * row[d]!, 0.1),
    );
    const scale = Math.SQRT1_2 / Math.hypot(...output);
    for (const [e, row] of rows.entries()) {
      const expected = row.reduce((sum, x, d) => sum + x * vector![d]!, 0) * own[e]! * scale;
      expect(parts!.bags["history"]![e]).toBeCloseTo(expected, 5);
    }
    expect(Math.abs(parts!.residual)).toBeLessThan(1e-5);
    expect(parts!.popularity).toBeCloseTo(vector![10]! * Math.SQRT1_2, 6);
  });

  const explained = async (
    viewer: EncodedRows,
    { blocks = 2, change }: { blocks?: number; change?: (weights: Weights) => void } = {},
  ) => {
    const options = { preset: "sequence-lite", sequence: { ...sequence, blocks } } as const;
    const { config, userOnnx, features } = tower(options, ordered, change);
    const explainer = await openScoreExplainer(ort, { userOnnx, config, features });
    const parts = await explainer.explain(viewer, itemVectors(3));
    await explainer.close();
    return parts;
  };

  test("of a sequence starts from somebody who did nothing, however much was done", async () => {
    const empty = { ...viewer, bags: { genre: bag([], []) }, dense: new Float32Array(2) };
    const nobody = await explained({ ...empty, sequence: steps([0], [0], [0]) });
    const somebody = await explained(inOrder);
    // o(nobody) · v over another length: one factor for all items.
    const factors = somebody.map(({ baseline }, i) => baseline / (nobody[i]!.score - nobody[i]!.popularity));
    expect(factors[1]).toBeCloseTo(factors[0]!, 4);
    expect(factors[2]).toBeCloseTo(factors[0]!, 4);
    for (const { steps, residual } of nobody) {
      expect([...steps]).toEqual([0]);
      expect(Math.abs(residual)).toBeLessThan(1e-6);
    }
  });

  // Of one block without queries a step attends to all before it alike; without positions only item, gap and kind tell steps apart. So
  // steps 1 and 3, which are equal, move a score by the same, and step 2 by nothing, as it is what a start is. The newest
  // has its own way through the residual stream beside.
  test("[EX1] tells equal steps alike where a tower attends to all alike, and nothing of a step that says nothing", async () => {
    const alike = { ...inOrder, sequence: steps([0, 3, 0, 3, 5], [0, 4, 0, 4, 2], [0, 1, 0, 1, 1]) };
    const change = (weights: Weights): void => {
      weights["user.sequence.positions.table"]!.fill(0);
      for (const [name, values] of Object.entries(weights)) if (/query/.test(name)) values.fill(0);
    };
    const found = await explained(alike, { blocks: 1, change });
    for (const { steps } of found) {
      expect(steps[3]).toBeCloseTo(steps[1]!, 6);
      expect(Math.abs(steps[1]!)).toBeGreaterThan(1e-4);
      expect([steps[0], steps[2]]).toEqual([0, 0]);
      expect(steps[4]).not.toBeCloseTo(steps[1]!, 4);
    }
  });

  test("[EX1] gives all to the newest step where the blocks add nothing", async () => {
    const change = (weights: Weights): void => {
      for (const [name, values] of Object.entries(weights)) if (/mix|outer/.test(name)) values.fill(0);
    };
    const found = await explained(inOrder, { change });
    for (const { steps, score, baseline, popularity, bags, dense } of found) {
      expect([...steps.subarray(0, 5)]).toEqual([0, 0, 0, 0, 0]);
      const fields = total(dense) + total(bags["genre"]!);
      expect(Math.abs(steps[5]! - (score - baseline - popularity - fields))).toBeLessThanOrEqual(
        residualBound,
      );
      expect(steps[5]).not.toBeCloseTo(0, 3);
    }
  });

  test("an input that the tower does not use has no part", async () => {
    const { config, userOnnx, features } = tower({ hidden: [6] }, user, (weights) =>
      weights["user.genre.table"]!.fill(0),
    );
    const explainer = await openScoreExplainer(ort, { userOnnx, config, features });
    const [parts] = await explainer.explain(viewer, itemVectors(1));
    await explainer.close();
    expect([...parts!.bags["genre"]!]).toEqual([0, 0]);
    expect(parts!.bags["history"]!.every((part) => part !== 0)).toBe(true);
  });

  test("somebody of whom nothing is known has the baseline alone", async () => {
    const { config, userOnnx, features } = tower({}, user);
    const explainer = await openScoreExplainer(ort, { userOnnx, config, features });
    const nobody = {
      rows: 1,
      dense: new Float32Array(2),
      bags: { history: bag([], []), genre: bag([], []) },
    };
    const [parts] = await explainer.explain(nobody, itemVectors(1));
    await explainer.close();
    expect(parts!.score).toBeCloseTo(parts!.baseline + parts!.popularity, 6);
    expect(total(parts!.dense)).toBe(0);
  });

  test("refuses a tower of another shape", async () => {
    const { userOnnx, features } = tower({}, user);
    const config = resolveTowerConfig({ preset: "lite", dims: 16 });
    await expect(openScoreExplainer(ort, { userOnnx, config, features })).rejects.toThrow(
      "must hold user.history.table of 9 × 14: current value is 9 × 10",
    );
  });
});
