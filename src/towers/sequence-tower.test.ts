import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import type { EncodedRows, RowLayout } from "../features/mod.ts";
import { input, parameter } from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx } from "../onnx/mod.ts";
import { initialWeights } from "./initial-weights.ts";
import { towersOf } from "./load-towers.ts";
import { padSequences, servingInputs } from "./padded-bags.ts";
import { newestState, sequenceStates } from "./sequence-tower.ts";
import { exportTower, sequenceInputs } from "./serving-graph.ts";
import { resolveTowerConfig } from "./tower-config.ts";
import { towerParameters } from "./tower-parameters.ts";

const runtime = await createOrtRuntime({ threads: 1 });

const user: RowLayout = {
  denseWidth: 2,
  dense: [{ name: "numbers", offset: 0, width: 2 }],
  bags: [{ name: "region", vocabulary: 4, role: "content" }],
  sequence: { name: "sequence", vocabulary: 9, steps: 8, kinds: 8, gaps: 28 },
};
const item: RowLayout = { denseWidth: 0, dense: [], bags: [{ name: "id", vocabulary: 9, role: "id" }] };
const layouts = { user, item };
const sequence = { width: 8, blocks: 2, heads: 2, feedForward: 12, dropout: 0 };
const config = resolveTowerConfig({ preset: "sequence-lite", dims: 12, sequence }, layouts);
const parameters = towerParameters(config, layouts);
const weights = initialWeights(config, { parameters, random: createRandom(3) });

/** Rows of 1 to 8 steps. */
function someRows(count: number): EncodedRows {
  const random = createRandom(4);
  const offsets = Int32Array.from({ length: count + 1 }, (_, row) => row);
  for (let row = 0, more = 0; row < count; row++) {
    more += row % 8;
    offsets[row + 1]! += more;
  }
  const steps = offsets[count]!;
  const column = (below: number) => Int32Array.from({ length: steps }, () => random.integer(below));
  const region = {
    offsets: Int32Array.from({ length: count + 1 }, (_, row) => row),
    indices: new Int32Array(count),
  };
  return {
    rows: count,
    dense: Float32Array.from({ length: count * 2 }, () => random.normal()),
    bags: { region: { ...region, weights: new Float32Array(count).fill(1) } },
    sequence: { offsets, items: column(9), gaps: column(28), kinds: column(8) },
  };
}

describe("a user tower over a sequence", () => {
  test("gives unit vectors that depend neither on the rows beside them nor on the runtime", async () => {
    const onnx = exportTower("user", { config, layouts, weights });
    const encoded = someRows(16);
    const all = Int32Array.from(Array(16).keys());
    const session = await runtime.load(onnx);
    expect([...session.inputNames].sort()).toEqual(
      [
        ...["dense", "region_indices", "region_weights"],
        ...["sequence_gaps", "sequence_items", "sequence_kinds", "sequence_positions"],
      ].sort(),
    );
    const { embedding } = await session.run(servingInputs(encoded, { layout: user, rows: all }));
    expect(embedding!.shape).toEqual([16, 12]);
    const portable = await createPortableRuntime().load(onnx);
    for (const row of all) {
      const inputs = servingInputs(encoded, { layout: user, rows: Int32Array.of(row) });
      const together = embedding!.data.subarray(row * 12, (row + 1) * 12);
      expect(Math.hypot(...together)).toBeCloseTo(1, 5);
      for (const where of [session, portable]) {
        const alone = (await where.run(inputs))["embedding"]!.data;
        for (const [d, x] of together.entries()) expect(Math.abs(alone[d]! - x)).toBeLessThan(1e-5);
      }
    }
  });

  test("has a vector for a start alone, with which towers are opened", async () => {
    const open = (side: "user" | "item") => runtime.load(exportTower(side, { config, layouts, weights }));
    const features = { userLayout: user, itemLayout: item, schema: { history: { maxEvents: 7 } } };
    const towers = await towersOf(
      { user: await open("user"), item: await open("item") },
      { features: features as never },
    );
    expect(towers.dims).toBe(12);
    await towers.close();
  });

  test("reads no step that came later, and every one before", async () => {
    const inputs = sequenceInputs((name) => input(name, ["rows", "steps"], "int32"));
    const states = sequenceStates(config.sequence!, {
      inputs,
      parameter: (name) => parameter(name, parameters.find((known) => known.name === name)!.shape),
    });
    const session = await runtime.load(
      emitOnnx({ name: "states", inputs: Object.values(inputs), outputs: { states }, parameters: weights }),
    );
    const run = async (items: readonly number[]) => {
      const column = (data: readonly number[]) =>
        ({ dtype: "int32", shape: [1, 5], data: Int32Array.from(data) }) as const;
      const { states: found } = await session.run({
        sequence_items: column(items),
        sequence_gaps: column([0, 3, 1, 5, 2]),
        sequence_kinds: column([0, 1, 2, 3, 1]),
        sequence_positions: column([5, 4, 3, 2, 1]),
      });
      return Array.from({ length: 5 }, (_, step) => [...found!.data.subarray(step * 8, (step + 1) * 8)]);
    };
    const before = await run([0, 1, 2, 3, 4]);
    for (let changed = 0; changed < 5; changed++) {
      const after = await run([0, 1, 2, 3, 4].map((row, step) => (step === changed ? 8 : row)));
      for (let step = 0; step < 5; step++) {
        const apart = Math.max(...before[step]!.map((x, d) => Math.abs(x - after[step]![d]!)));
        if (step < changed) expect(apart).toBe(0);
        else expect(apart).toBeGreaterThan(1e-4);
      }
    }
  });

  test.each([1, 2])("has of %i blocks the same newest state where it computes no other", async (blocks) => {
    const own = { ...config.sequence!, blocks };
    const inputs = sequenceInputs((name) => input(name, ["rows", "steps"], "int32"));
    const learned = new Map(parameters.map(({ name, shape }) => [name, parameter(name, shape)]));
    const sources = { inputs, parameter: (name: string) => learned.get(name)! };
    const outputs = { states: sequenceStates(own, sources), newest: newestState(own, sources) };
    const graph = { name: "states", inputs: Object.values(inputs), outputs, parameters: weights };
    const session = await runtime.load(emitOnnx(graph));
    const encoded = someRows(12);
    const given = servingInputs(encoded, { layout: user, rows: Int32Array.from(Array(12).keys()) });
    const read = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]));
    const { states, newest } = await session.run(read);
    const [, steps] = states!.shape as [number, number];
    for (let row = 0; row < 12; row++) {
      const at = row * steps + encoded.sequence!.offsets[row + 1]! - encoded.sequence!.offsets[row]! - 1;
      for (let d = 0; d < 8; d++) expect(newest!.data[row * 8 + d]).toBeCloseTo(states!.data[at * 8 + d]!, 5);
    }
  });

  test("is chosen together with its features, in widths that fit", () => {
    const pooled = { user: item, item };
    expect(() => resolveTowerConfig({ preset: "sequence" }, pooled)).toThrow(
      "needs a user feature of kind sequence",
    );
    expect(() => resolveTowerConfig({ preset: "lite" }, layouts)).toThrow("need a tower that reads one");
    expect(() =>
      resolveTowerConfig({ preset: "sequence", sequence: { ...sequence, heads: 3 } }, layouts),
    ).toThrow("sequence.width must be a multiple");
    expect(() =>
      resolveTowerConfig({ preset: "sequence", sequence: { ...sequence, dropout: 1 } }, layouts),
    ).toThrow("sequence.dropout must be from 0");
    expect(resolveTowerConfig({ preset: "sequence" }, layouts)).toMatchObject({ dims: 768, idDims: 128 });
    expect(resolveTowerConfig({ preset: "sequence-lite" }, layouts)).toMatchObject({ dims: 64, idDims: 62 });
  });
});

test("padSequences() counts positions from the newest step and pads behind it", () => {
  const rows = {
    offsets: Int32Array.of(0, 1, 4),
    items: Int32Array.of(0, 0, 7, 8),
    gaps: Int32Array.of(0, 0, 0, 5),
    kinds: Int32Array.of(0, 0, 1, 2),
  };
  expect(padSequences(rows, Int32Array.of(1, 0))).toEqual({
    steps: 3,
    items: Int32Array.of(0, 7, 8, 0, 0, 0),
    gaps: Int32Array.of(0, 0, 5, 0, 0, 0),
    kinds: Int32Array.of(0, 1, 2, 0, 0, 0),
    positions: Int32Array.of(3, 2, 1, 1, 0, 0),
  });
});
