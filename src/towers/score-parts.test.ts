import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import type { EncodedRows, FittedFeatures, RowLayout } from "../features/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import { initialWeights, type Weights } from "./initial-weights.ts";
import { servingInputs } from "./padded-bags.ts";
import { openScoreExplainer, residualBound, type ScoreParts } from "./score-parts.ts";
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

const total = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0);

function sumOfParts({ baseline, popularity, bags, dense }: ScoreParts): number {
  const all = Object.values(bags).reduce((sum, parts) => sum + total(parts), 0);
  return baseline + popularity + all + total(dense);
}

describe("openScoreExplainer", () => {
  test.each([
    ["gelu", {}],
    ["relu, two layers", { activation: "relu", hidden: [16, 16] }],
    ["tanh output, narrow history", { outputActivation: "tanh", historyDims: 5, hidden: [7] }],
    ["linear", { hidden: [] }],
  ] as const)("[EX1] parts add up to the served score, in every runtime: %s", async (_, options) => {
    const { config, userOnnx, features } = tower(options, user);
    const vectors = itemVectors(20);
    const session = await ort.load(userOnnx);
    const inputs = servingInputs(viewer, { layout: user, rows: Int32Array.of(0) });
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
      expect(parts).toHaveLength(20);
      for (const [i, one] of parts.entries()) {
        const score = served.reduce((sum, x, d) => sum + x * vectors[i]![d]!, 0);
        expect(one.score).toBeCloseTo(score, 5);
        expect(Math.abs(one.residual)).toBeLessThanOrEqual(residualBound);
        expect(sumOfParts(one) + one.residual).toBeCloseTo(one.score, 6);
      }
    }
    for (const [i, one] of found[0]!.entries()) {
      for (const [e, part] of one.bags["history"]!.entries()) {
        expect(found[1]![i]!.bags["history"]![e]).toBeCloseTo(part, 4);
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
