import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import type { EncodedRows, RowLayout } from "../features/mod.ts";
import { input, type Value } from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx } from "../onnx/mod.ts";
import { initialWeights } from "./initial-weights.ts";
import { chunkRows, padRows, servingInputs } from "./padded-bags.ts";
import { exportTower } from "./serving-graph.ts";
import { resolveTowerConfig } from "./tower-config.ts";
import { packItem, packUser } from "./tower-graph.ts";
import { towerParameters } from "./tower-parameters.ts";

const runtime = await createOrtRuntime({ threads: 1 });

describe("resolveTowerConfig", () => {
  test("lets inner widths follow dims, unless they are given", () => {
    expect(resolveTowerConfig()).toMatchObject({
      preset: "standard",
      dims: 768,
      linearDims: 253,
      idDims: 510,
      historyDims: 510,
    });
    expect(resolveTowerConfig({ dims: 32, idDims: 8 })).toMatchObject({
      dims: 32,
      idDims: 8,
      historyDims: 30,
    });
  });

  test("narrows the tables of a large catalogue's items to 40 MB together, unless their width is given", () => {
    const bags = (vocabulary: number, roles: readonly ("id" | "history" | "content")[]) => ({
      denseWidth: 0,
      dense: [],
      bags: roles.map((role) => ({ name: role, vocabulary, role })),
    });
    const layouts = (items: number) => ({
      user: bags(items, ["history", "content"]),
      item: bags(items, ["id"]),
    });
    // 40 MB are 10,485,760 numbers; over 2 × 20,000 rows 262.1 each, in whole sixteens 256.
    expect(resolveTowerConfig({}, layouts(20_000))).toMatchObject({
      dims: 768,
      idDims: 256,
      historyDims: 256,
    });
    expect(resolveTowerConfig({}, layouts(5_000))).toMatchObject({ idDims: 510, historyDims: 510 });
    expect(resolveTowerConfig({ idDims: 512 }, layouts(20_000))).toMatchObject({
      idDims: 512,
      historyDims: 256,
    });
  });

  test("refuses what is out of range", () => {
    expect(() => resolveTowerConfig({ dims: 7 })).toThrow("dims must be a whole number from 8 to 4096");
    expect(() => resolveTowerConfig({ hidden: [0] })).toThrow(RangeError);
    expect(() => resolveTowerConfig({ historyDropout: 1 })).toThrow(RangeError);
    expect(() => resolveTowerConfig({ activation: "step" as "relu" })).toThrow(
      "activation must be gelu, relu or tanh",
    );
    expect(() => resolveTowerConfig({ preset: "huge" as "lite" })).toThrow(
      "preset must be standard, lite, sequence",
    );
  });
});

describe("packUser and packItem", () => {
  test("give unit vectors whose inner product is (u · v + c) / (√2 M)", async () => {
    const random = createRandom(2);
    const unit = (): Float32Array => {
      const v = Float32Array.from({ length: 6 }, () => random.normal());
      const length = Math.hypot(...v);
      return v.map((x) => x / length);
    };
    const limit = 0.8;
    const biases = [-limit, -0.3, 0, 0.79, limit];
    const u = input("u", ["rows", 6]);
    const v = input("v", ["rows", 6]);
    const c = input("c", ["rows", 1]);
    const slack = input("slack", ["rows", 1]);
    const outputs: Record<string, Value> = {
      user: packUser(u),
      item: packItem({ direction: v, bias: c, slack }, limit),
      plain: packItem({ direction: v, bias: undefined, slack: undefined }, 0),
    };
    const session = await runtime.load(emitOnnx({ name: "pack", inputs: [u, v, c, slack], outputs }));
    const us = biases.map(unit);
    const vs = biases.map(unit);
    const matrix = (rows: readonly Float32Array[]) => {
      return {
        dtype: "float32" as const,
        shape: [5, 6],
        data: Float32Array.from(rows.flatMap((row) => [...row])),
      };
    };
    const result = await session.run({
      u: matrix(us),
      v: matrix(vs),
      c: { dtype: "float32", shape: [5, 1], data: Float32Array.from(biases) },
      slack: {
        dtype: "float32",
        shape: [5, 1],
        data: Float32Array.from(biases, (c) => Math.sqrt(limit ** 2 - c ** 2)),
      },
    });
    await session.close();
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);
    const row = (name: string, at: number) => result[name]!.data.subarray(at * 8, (at + 1) * 8);
    for (const [at, bias] of biases.entries()) {
      const product = dot(us[at]!, vs[at]!);
      expect(dot(row("user", at), row("user", at))).toBeCloseTo(1, 5);
      expect(dot(row("item", at), row("item", at))).toBeCloseTo(1, 5);
      const scale = Math.SQRT2 * Math.sqrt(1 + limit * limit);
      expect(dot(row("user", at), row("item", at))).toBeCloseTo((product + bias) / scale, 5);
      expect(dot(row("user", at), row("plain", at))).toBeCloseTo(product / Math.SQRT2, 5);
    }
  });
});

const layout: RowLayout = {
  denseWidth: 2,
  dense: [{ name: "numbers", offset: 0, width: 2 }],
  bags: [
    { name: "history", vocabulary: 9, role: "history" },
    { name: "genre", vocabulary: 4, role: "content" },
  ],
};
const itemLayout: RowLayout = { denseWidth: 0, dense: [], bags: [{ name: "id", vocabulary: 9, role: "id" }] };

function someRows(count: number): EncodedRows {
  const random = createRandom(4);
  const bag = (vocabulary: number, longest: number) => {
    const offsets = new Int32Array(count + 1);
    const indices: number[] = [];
    for (let row = 0; row < count; row++) {
      for (let n = random.integer(longest + 1); n > 0; n--) indices.push(random.integer(vocabulary));
      offsets[row + 1] = indices.length;
    }
    return {
      offsets,
      indices: Int32Array.from(indices),
      weights: Float32Array.from(indices, () => random.normal()),
    };
  };
  return {
    rows: count,
    dense: Float32Array.from({ length: count * 2 }, () => random.normal()),
    bags: { history: bag(9, 7), genre: bag(4, 2) },
  };
}

describe("exportTower", () => {
  test("gives unit vectors that hardly differ between runtimes, however close a bias is to its limit", async () => {
    const config = resolveTowerConfig({ preset: "lite", dims: 12 });
    const layouts = { user: layout, item: { ...itemLayout, denseWidth: 2, dense: layout.dense } };
    const parameters = towerParameters(config, layouts);
    const weights = initialWeights(config, { parameters, random: createRandom(1) });
    weights["item.popularity.weight"]!.set([1, 0]);
    const onnx = exportTower("item", { config, layouts, weights });
    // From no bias to one that rounds to its limit in float32.
    const raw = [0, 1, 3, 5, 6, 7, 8, 9, 10, 20, -7, -9].flatMap((x) => [x, 0.5]);
    const encoded = {
      rows: 12,
      dense: Float32Array.from(raw),
      bags: { id: { offsets: new Int32Array(13), indices: new Int32Array(0), weights: new Float32Array(0) } },
    };
    const inputs = servingInputs(encoded, { layout: layouts.item, rows: Int32Array.from(Array(12).keys()) });
    const [native, portable] = await Promise.all(
      [runtime, createPortableRuntime()].map(async (where) => {
        const session = await where.load(onnx);
        return (await session.run(inputs))["embedding"]!.data;
      }),
    );
    for (const [i, x] of native!.entries()) expect(Math.abs(portable![i]! - x)).toBeLessThan(1e-6);
    for (let row = 0; row < 12; row++) {
      expect(Math.hypot(...native!.subarray(row * 12, (row + 1) * 12))).toBeCloseTo(1, 6);
      // The last column is the slack 1/cosh(raw), divided by M = √2.
      const slack = 1 / Math.cosh(raw[row * 2]!) / Math.SQRT2;
      expect(Math.abs(native![row * 12 + 11]! - slack)).toBeLessThan(1e-6);
    }
  });

  test.each([
    ["plain", {}],
    ["narrow history, tanh output, two layers", { historyDims: 5, outputActivation: "tanh", hidden: [7, 5] }],
    ["linear", { hidden: [], activation: "relu" }],
  ] as const)("gives unit vectors that do not depend on the chunk a row is in: %s", async (_, changes) => {
    const config = resolveTowerConfig({ preset: "lite", dims: 12, ...changes });
    const layouts = { user: layout, item: itemLayout };
    const parameters = towerParameters(config, layouts);
    const weights = initialWeights(config, { parameters, random: createRandom(1) });
    const session = await runtime.load(exportTower("user", { config, layouts, weights }));
    expect([...session.inputNames].sort()).toEqual(
      ["dense", "genre_indices", "genre_weights", "history_indices", "history_weights"].sort(),
    );
    const encoded = someRows(20);
    const all = Int32Array.from({ length: 20 }, (_, row) => row);
    const together = (await session.run(servingInputs(encoded, { layout, rows: all })))["embedding"]!;
    expect(together.shape).toEqual([20, 12]);
    for (const row of all) {
      const alone = await session.run(servingInputs(encoded, { layout, rows: Int32Array.of(row) }));
      const vector = together.data.subarray(row * 12, (row + 1) * 12);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
      for (const [d, x] of vector.entries()) expect(alone["embedding"]!.data[d]).toBeCloseTo(x, 5);
    }
    await session.close();
  });
});

describe("the portable executor", () => {
  test("gives what ONNX Runtime gives, for both towers", async () => {
    const config = resolveTowerConfig({
      preset: "lite",
      dims: 12,
      itemHidden: [5],
      outputActivation: "tanh",
    });
    const items: RowLayout = { ...layout, bags: [...itemLayout.bags, layout.bags[1]!] };
    const layouts = { user: layout, item: items };
    const parameters = towerParameters(config, layouts);
    const weights = initialWeights(config, { parameters, random: createRandom(1) });
    for (const array of Object.values(weights))
      for (let i = 0; i < array.length; i++) array[i]! += 0.01 * (i % 7);
    const encoded = someRows(9);
    const rows = Int32Array.from({ length: 9 }, (_, row) => row);
    const both = { ...encoded, bags: { ...encoded.bags, id: encoded.bags["history"]! } };
    for (const side of ["user", "item"] as const) {
      const onnx = exportTower(side, { config, layouts, weights });
      const inputs = servingInputs(both, { layout: layouts[side], rows });
      const native = await runtime.load(onnx);
      const portable = await createPortableRuntime().load(onnx);
      const expected = (await native.run(inputs))["embedding"]!;
      const actual = (await portable.run(inputs))["embedding"]!;
      expect(actual.shape).toEqual(expected.shape);
      for (const [i, x] of expected.data.entries()) expect(actual.data[i]).toBeCloseTo(x, 5);
      await native.close();
      await portable.close();
    }
  });
});

describe("chunkRows", () => {
  test("gives every row once and keeps padded chunks within bounds", () => {
    const encoded = someRows(50);
    const chunks = chunkRows(encoded, { maxRows: 8, maxEntries: 20 });
    expect(chunks.flatMap((chunk) => [...chunk]).sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    for (const chunk of chunks) {
      const { length } = padRows(encoded.bags["history"]!, chunk);
      expect(chunk.length).toBeLessThanOrEqual(8);
      expect(length * chunk.length).toBeLessThanOrEqual(20);
    }
    expect(chunkRows(someRows(0))).toEqual([]);
  });
});
