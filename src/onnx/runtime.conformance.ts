import { describe, expect, test } from "vitest";
import type { OpKind, Value } from "../graph/mod.ts";
import * as graph from "../graph/mod.ts";
import { emitOnnx } from "./emit.ts";
import { encodeOnnx } from "./encode.ts";
import type { Runtime, Session, Tensor } from "./runtime.ts";

const floats = (data: readonly number[], shape: readonly number[] = [data.length]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});
const ints = (data: readonly number[], shape: readonly number[] = [data.length]): Tensor => ({
  dtype: "int32",
  shape,
  data: Int32Array.from(data),
});

interface Example {
  readonly inputs: readonly Tensor[];
  readonly build: (...x: Value[]) => Value;
  readonly shape: readonly number[];
  readonly expected: readonly number[];
}

const x3 = floats([-1, 0.5, 2]);
const unary = (build: (x: Value) => Value, f: (x: number) => number, x: Tensor = x3): Example => ({
  inputs: [x],
  build: (value) => build(value!),
  shape: x.shape,
  expected: Array.from(x.data, f),
});
/** [[1, 2, 3], [4, 5, 6]] with [10, 0.5, -1], broadcast over rows. */
const matrix = floats([1, 2, 3, 4, 5, 6], [2, 3]);
const row = floats([10, 0.5, -1]);
const binary = (build: (a: Value, b: Value) => Value, f: (a: number, b: number) => number): Example => ({
  inputs: [matrix, row],
  build: (a, b) => build(a!, b!),
  shape: [2, 3],
  expected: Array.from(matrix.data, (a, i) => f(a, row.data[i % 3]!)),
});
const asFloat = (value: Value): Value => graph.cast(value, "float32");
const positive = floats([0.5, 1, 4]);

/** One example of every operation with what it must give, worked out by hand or by the definition. */
const examples: { readonly [K in Exclude<OpKind, "input" | "parameter">]: Example } = {
  constant: { inputs: [], build: () => graph.constant([1, 2], [2]), shape: [2], expected: [1, 2] },
  neg: unary(graph.neg, (x) => -x),
  exp: unary(graph.exp, Math.exp),
  log: unary(graph.log, Math.log, positive),
  sqrt: unary(graph.sqrt, Math.sqrt, positive),
  reciprocal: unary(graph.reciprocal, (x) => 1 / x, positive),
  abs: unary(graph.abs, Math.abs),
  tanh: unary(graph.tanh, Math.tanh),
  sigmoid: unary(graph.sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  // log(1 + e^100) is 100 in float32, not infinity.
  softplus: unary(graph.softplus, (x) => (x > 50 ? x : Math.log1p(Math.exp(x))), floats([-1, 0, 100])),
  relu: unary(graph.relu, (x) => Math.max(0, x)),
  step: unary(graph.step, (x) => (x > 0 ? 1 : 0), floats([-2, 0, 1e-38, 0.5, 3e38, -3e38])),
  // erf(0.5) and erf(2): Abramowitz & Stegun 1964, table 7.1.
  erf: { ...unary(graph.erf, (x) => x, floats([0, 0.5, -2])), expected: [0, 0.5204998778, -0.995322265] },
  stopGradient: unary(graph.stopGradient, (x) => x),
  cast: { inputs: [ints([3, -2])], build: (x) => asFloat(x!), shape: [2], expected: [3, -2] },
  add: binary(graph.add, (a, b) => a + b),
  sub: binary(graph.sub, (a, b) => a - b),
  mul: binary(graph.mul, (a, b) => a * b),
  div: binary(graph.div, (a, b) => a / b),
  pow: binary(graph.pow, (a, b) => a ** b),
  maximum: binary(graph.maximum, Math.max),
  minimum: binary(graph.minimum, Math.min),
  greater: binary(
    (a, b) => asFloat(graph.greater(a, b)),
    (a, b) => (a > b ? 1 : 0),
  ),
  equal: {
    inputs: [ints([1, 2, 3], [3, 1]), ints([3, 2])],
    build: (a, b) => asFloat(graph.equal(a!, b!)),
    shape: [3, 2],
    expected: [0, 0, 0, 1, 1, 0],
  },
  where: binary(
    (a, b) => graph.where(graph.greater(b, 0), a, -7),
    (a, b) => (b > 0 ? a : -7),
  ),
  reduceSum: {
    inputs: [matrix],
    build: (x) => graph.reduceSum(x!, { axes: [0] }),
    shape: [3],
    expected: [5, 7, 9],
  },
  reduceMean: {
    inputs: [matrix],
    build: (x) => graph.reduceMean(x!, { axes: [1], keepDims: true }),
    shape: [2, 1],
    expected: [2, 5],
  },
  reduceMax: { inputs: [matrix], build: (x) => graph.reduceMax(x!), shape: [], expected: [6] },
  reduceSumSquare: {
    inputs: [matrix],
    build: (x) => graph.reduceSumSquare(x!, { axes: [1] }),
    shape: [2],
    expected: [14, 77],
  },
  logSumExp: {
    // 1000 + log 2 would overflow without the shift; a row of -∞ sums to 0.
    inputs: [floats([1000, 1000, -Infinity, -Infinity], [2, 2])],
    build: (x) => graph.logSumExp(x!, { axis: 1 }),
    shape: [2],
    expected: [1000 + Math.LN2, -Infinity],
  },
  softmax: {
    inputs: [floats([1000, 1000, 0, Math.log(3)], [2, 2])],
    build: (x) => graph.softmax(x!, { axis: 1 }),
    shape: [2, 2],
    expected: [0.5, 0.5, 0.25, 0.75],
  },
  logSoftmax: {
    inputs: [floats([1000, 0, 1000, Math.log(3)], [2, 2])],
    build: (x) => graph.logSoftmax(x!, { axis: 0 }),
    shape: [2, 2],
    expected: [-Math.LN2, Math.log(0.25), -Math.LN2, Math.log(0.75)],
  },
  layerNorm: {
    // Mean 2, variance 1: (x - 2) · scale + bias.
    inputs: [floats([1, 3], [1, 2]), floats([2, 4]), floats([10, 20])],
    build: (x, scale, bias) => graph.layerNorm(x!, { scale: scale!, bias: bias!, epsilon: 0 }),
    shape: [1, 2],
    expected: [8, 24],
  },
  matMul: {
    // [[1,2,3],[4,5,6]]ᵀ · [[1,0],[2,1]]
    inputs: [matrix, floats([1, 0, 2, 1], [2, 2])],
    build: (a, b) => graph.matMul(a!, b!, { transposeA: true }),
    shape: [3, 2],
    expected: [9, 4, 12, 5, 15, 6],
  },
  reshape: {
    inputs: [matrix],
    build: (x) => graph.reshape(x!, [3, 2]),
    shape: [3, 2],
    expected: [1, 2, 3, 4, 5, 6],
  },
  reshapeLike: {
    inputs: [matrix, ints([0, 0, 0, 0, 0, 0], [3, 2])],
    build: (x, like) => graph.reshapeLike(x!, like!),
    shape: [3, 2],
    expected: [1, 2, 3, 4, 5, 6],
  },
  transpose: {
    inputs: [matrix],
    build: (x) => graph.transpose(x!),
    shape: [3, 2],
    expected: [1, 4, 2, 5, 3, 6],
  },
  concat: {
    inputs: [matrix, floats([7, 8], [2, 1])],
    build: (a, b) => graph.concat([a!, b!], { axis: 1 }),
    shape: [2, 4],
    expected: [1, 2, 3, 7, 4, 5, 6, 8],
  },
  slice: {
    inputs: [matrix],
    build: (x) => graph.slice(x!, { axis: 1, start: 1, end: 3 }),
    shape: [2, 2],
    expected: [2, 3, 5, 6],
  },
  pad: {
    inputs: [matrix],
    build: (x) => graph.pad(x!, { axis: 1, before: 1 }),
    shape: [2, 4],
    expected: [0, 1, 2, 3, 0, 4, 5, 6],
  },
  gather: {
    inputs: [matrix, ints([1, 0, 1], [3, 1])],
    build: (table, indices) => graph.gather(table!, indices!),
    shape: [3, 1, 3],
    expected: [4, 5, 6, 1, 2, 3, 4, 5, 6],
  },
  scatterAdd: {
    inputs: [matrix, ints([1, 1]), floats([1, 2, 3, 10, 20, 30], [2, 3])],
    build: (like, indices, updates) => graph.scatterAdd(like!, { indices: indices!, updates: updates! }),
    shape: [2, 3],
    expected: [0, 0, 0, 11, 22, 33],
  },
  broadcastLike: {
    inputs: [floats([7, 8], [2, 1]), matrix],
    build: (x, like) => graph.broadcastLike(x!, like!),
    shape: [2, 3],
    expected: [7, 7, 7, 8, 8, 8],
  },
  size: { inputs: [matrix], build: (x) => graph.sizeAlong(x!, [0, 1]), shape: [], expected: [6] },
};

async function runOnce(runtime: Runtime, example: Example): Promise<Tensor> {
  const values = example.inputs.map((tensor, place) => graph.input(`x${place}`, tensor.shape, tensor.dtype));
  const y = example.build(...values);
  expect(y.shape).toEqual(example.shape);
  const session = await runtime.load(emitOnnx({ name: "example", inputs: values, outputs: { y } }));
  const inputs = Object.fromEntries(example.inputs.map((tensor, place) => [`x${place}`, tensor]));
  const { y: result } = await session.run(inputs);
  await session.close();
  return result!;
}

/** y = x W + b for rows x: the smallest thing that has a batch. */
async function line(runtime: Runtime): Promise<Session> {
  const x = graph.input("x", ["batch", 2]);
  const w = graph.parameter("w", [2, 2]);
  const y = graph.add(graph.matMul(x, w), graph.constant([10, 20], [2]));
  return runtime.load(
    emitOnnx({
      name: "line",
      inputs: [x],
      outputs: { y, sum: graph.reduceSum(y, { axes: [1] }) },
      parameters: { w: Float32Array.of(1, 2, 3, 4) },
    }),
  );
}

/**
 * What every runtime must do.
 *
 * @param makeRuntime Makes the runtime that is tested.
 */
export function testRuntime(makeRuntime: () => Promise<Runtime>): void {
  describe("every operation gives what its definition says", () => {
    test.each(Object.entries(examples))("%s", async (_kind, example) => {
      const result = await runOnce(await makeRuntime(), example);
      expect(result.shape).toEqual(example.shape);
      for (const [index, value] of example.expected.entries()) {
        if (Number.isFinite(value)) expect(result.data[index]).toBeCloseTo(value, value > 100 ? 3 : 5);
        else expect(result.data[index]).toBe(value);
      }
    });
  });

  describe("run()", () => {
    test("takes any number of rows where the axis is named", async () => {
      const session = await line(await makeRuntime());
      const one = await session.run({ x: floats([1, 1], [1, 2]) });
      const two = await session.run({ x: floats([1, 0, 0, 1], [2, 2]) });
      const again = await session.run({ x: floats([1, 1], [1, 2]) });
      expect([...one["y"]!.data]).toEqual([14, 26]);
      expect(two["y"]).toMatchObject({ shape: [2, 2] });
      expect([...two["y"]!.data]).toEqual([11, 22, 13, 24]);
      expect([...again["sum"]!.data]).toEqual([40]);
    });

    test("takes no rows at all", async () => {
      const session = await line(await makeRuntime());
      const { y } = await session.run({ x: floats([], [0, 2]) });
      expect(y!.shape).toEqual([0, 2]);
    });

    test("names inputs and outputs in the order in which they were given", async () => {
      const session = await line(await makeRuntime());
      expect(session.inputNames).toEqual(["x"]);
      expect(session.outputNames).toEqual(["y", "sum"]);
    });

    test("writes into the tensors handed in, also into part of a larger array, and allocates the others", async () => {
      const session = await line(await makeRuntime());
      const memory = new Float32Array(8).fill(-1);
      const target: Tensor = { dtype: "float32", shape: [2, 2], data: memory.subarray(2, 6) };
      const result = await session.run({ x: floats([1, 0, 0, 1], [2, 2]) }, { y: target });
      expect(result["y"]).toBe(target);
      expect([...memory]).toEqual([-1, -1, 11, 22, 13, 24, -1, -1]);
      expect([...result["sum"]!.data]).toEqual([33, 37]);
    });

    test("reads part of a larger array", async () => {
      const session = await line(await makeRuntime());
      const memory = Float32Array.of(9, 9, 1, 0, 9);
      const { y } = await session.run({
        x: { dtype: "float32", shape: [1, 2], data: memory.subarray(2, 4) },
      });
      expect([...y!.data]).toEqual([11, 22]);
    });

    test("leaves earlier results as they were", async () => {
      const session = await line(await makeRuntime());
      const first = await session.run({ x: floats([1, 1], [1, 2]) });
      await session.run({ x: floats([5, 5], [1, 2]) });
      expect([...first["y"]!.data]).toEqual([14, 26]);
    });

    test("reads a tensor's numbers anew at every run", async () => {
      const session = await line(await makeRuntime());
      const x = floats([1, 1], [1, 2]);
      await session.run({ x });
      x.data[0] = 0;
      const { y } = await session.run({ x });
      expect([...y!.data]).toEqual([13, 24]);
    });

    test("gives the same output under two names, and an input as an output", async () => {
      const x = graph.input("x", [2]);
      const y = graph.add(x, 1);
      const session = await (await makeRuntime()).load(
        emitOnnx({ name: "twice", inputs: [x], outputs: { a: y, b: y, c: x } }),
      );
      const result = await session.run({ x: floats([1, 2]) });
      expect([result["a"], result["b"], result["c"]].map((tensor) => [...tensor!.data])).toEqual([
        [2, 3],
        [2, 3],
        [1, 2],
      ]);
    });

    test("adds every one of many updates to few rows", async () => {
      const count = 3000;
      const like = floats(new Array(6).fill(0), [3, 2]);
      const indices = ints(Array.from({ length: count }, (_, i) => i % 3));
      const updates = floats(new Array(count * 2).fill(1), [count, 2]);
      const result = await runOnce(await makeRuntime(), {
        ...examples.scatterAdd,
        shape: [3, 2],
        inputs: [like, indices, updates],
      });
      expect([...result.data]).toEqual(new Array(6).fill(1000));
    });

    test("multiplies stacks of matrices as attention needs", async () => {
      // Two heads of queries [2, 3, 2] and keys [2, 3, 2]: scores q kᵀ [2, 3, 3], masked, softmax, times values.
      const q = graph.input("q", ["heads", 3, 2]);
      const mask = graph.input("mask", [3, 3], "int32");
      const scores = graph.where(
        graph.equal(mask, graph.constant(Int32Array.of(1), [])),
        graph.matMul(q, q, { transposeB: true }),
        -1e9,
      );
      const y = graph.matMul(graph.softmax(scores, { axis: -1 }), q);
      const session = await (await makeRuntime()).load(
        emitOnnx({ name: "attention", inputs: [q, mask], outputs: { y } }),
      );
      const rows = [1, 2, 3, 4, 5, 6];
      const result = await session.run({
        q: floats([...rows, ...rows.map((value) => -value)], [2, 3, 2]),
        // Each row sees itself alone: what comes out is what went in.
        mask: ints([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]),
      });
      expect([...result["y"]!.data]).toEqual([...rows, ...rows.map((value) => -value)]);
    });

    test("refuses a missing input, a wrong shape and a wrong type", async () => {
      const session = await line(await makeRuntime());
      const callersMistake = (error: unknown): boolean =>
        error instanceof TypeError || error instanceof RangeError;
      for (const inputs of [{}, { x: floats([1, 2, 3], [1, 3]) }, { x: ints([1, 2], [1, 2]) }]) {
        await expect(session.run(inputs)).rejects.toSatisfy(callersMistake);
      }
      const x = floats([1, 2], [1, 2]);
      await expect(session.run({ x }, { y: floats([0, 0], [2, 1]) })).rejects.toSatisfy(callersMistake);
    });

    test("refuses a row outside a table", async () => {
      await expect(
        runOnce(await makeRuntime(), { ...examples.gather, inputs: [matrix, ints([2, 0, 0], [3, 1])] }),
      ).rejects.toThrow();
    });
  });

  describe("load()", () => {
    test("refuses bytes that are no model with bundle_corrupt", async () => {
      const runtime = await makeRuntime();
      for (const bytes of [
        new Uint8Array(0),
        new Uint8Array(100).fill(255),
        new TextEncoder().encode("{}"),
      ]) {
        await expect(runtime.load(bytes)).rejects.toMatchObject({ code: "bundle_corrupt" });
      }
    });

    test("refuses an operator it does not know with model_unsupported", async () => {
      const runtime = await makeRuntime();
      const model = encodeOnnx({
        name: "unknown",
        irVersion: 8,
        opsets: { "": 18 },
        inputs: [{ name: "x", dtype: "float32", shape: [1] }],
        outputs: [{ name: "y", dtype: "float32", shape: [1] }],
        initializers: {},
        nodes: [{ opType: "Telepathy", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
        metadata: {},
      });
      await expect(runtime.load(model)).rejects.toMatchObject({ code: "model_unsupported" });
    });
  });

  test("a closed session cannot be run", async () => {
    const session = await line(await makeRuntime());
    await session.close();
    await session.close();
    await expect(session.run({ x: floats([1, 1], [1, 2]) })).rejects.toThrow(TypeError);
  });
}
