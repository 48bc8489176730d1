import { describe, expect, test } from "vitest";
import { createPortableRuntime, emitOnnx } from "../onnx/mod.ts";
import type { Node, OpKind, Value } from "./mod.ts";
import * as graph from "./mod.ts";

/** A function of parameters, checked at given shapes with numbers from `range`. */
interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly build: (...x: Node<"parameter">[]) => Value;
  /** Where the numbers lie; away from kinks and poles. */
  readonly range?: readonly [number, number];
}

const scalarShape: readonly number[] = [];
const shapes = [scalarShape, [4], [2, 3], [2, 1, 3]];
/** Equal, broadcast both ways, and to a matrix. */
const pairs = [
  [[], []],
  [[2, 3], []],
  [[], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[3], [4, 2, 3]],
] as const;

const unary = (build: (x: Value) => Value, range?: readonly [number, number]): Case[] =>
  shapes.map((shape) => ({ shapes: [shape], build: (x) => build(x!), ...(range && { range }) }));
const binary = (build: (a: Value, b: Value) => Value, range?: readonly [number, number]): Case[] =>
  pairs.map((pair) => ({ shapes: pair, build: (a, b) => build(a!, b!), ...(range && { range }) }));
const one = (shape: readonly number[], build: (x: Value) => Value): Case => ({
  shapes: [shape],
  build: (x) => build(x!),
});

const ints = (values: readonly number[], shape: readonly number[]): Value =>
  graph.constant(Int32Array.from(values), shape);
const reductions = (reduce: (x: Value, options: graph.ReduceOptions) => Value): Case[] => [
  one([], (x) => reduce(x, {})),
  one([5], (x) => reduce(x, {})),
  one([2, 3], (x) => reduce(x, { axes: [0] })),
  one([2, 3], (x) => reduce(x, { axes: [-1], keepDims: true })),
  one([2, 3, 2], (x) => reduce(x, { axes: [0, 2] })),
];

/** Every operation; one that is missing here does not compile. `none` says why it has no gradient. */
const cases: { readonly [K in OpKind]: readonly Case[] | { readonly none: string } } = {
  input: { none: "a leaf" },
  parameter: unary((x) => x),
  constant: { none: "a leaf" },
  neg: unary(graph.neg),
  exp: unary(graph.exp),
  log: unary(graph.log, [0.5, 2]),
  sqrt: unary(graph.sqrt, [0.5, 2]),
  reciprocal: unary(graph.reciprocal, [0.5, 2]),
  abs: [...unary(graph.abs, [0.2, 2]), ...unary(graph.abs, [-2, -0.2])],
  tanh: unary(graph.tanh),
  sigmoid: unary(graph.sigmoid),
  softplus: unary(graph.softplus),
  relu: [...unary(graph.relu, [0.2, 2]), ...unary(graph.relu, [-2, -0.2])],
  erf: [...unary(graph.erf), ...unary(graph.gelu)],
  stopGradient: [one([2, 3], (x) => graph.mul(graph.stopGradient(graph.constant([2], [1])), x))],
  cast: { none: "no gradient flows between types" },
  add: binary(graph.add),
  sub: binary(graph.sub),
  mul: [...binary(graph.mul), ...unary((x) => graph.mul(x, x))],
  div: binary(graph.div, [0.5, 2]),
  pow: [...binary(graph.pow, [0.5, 2]), ...unary((x) => graph.pow(x, 3))],
  maximum: binary((a, b) => graph.maximum(a, graph.add(b, 0.05))),
  minimum: binary((a, b) => graph.minimum(a, graph.add(b, 0.05))),
  step: { none: "constant but at 0" },
  greater: { none: "bool" },
  equal: { none: "bool" },
  where: [
    ...binary((a, b) => graph.where(graph.greater(graph.constant([1, -1, 1], [3]), 0), a, b)),
    one([2, 3], (x) => graph.where(graph.greater(x, 0), graph.mul(x, 3), graph.mul(x, 2))),
  ],
  reduceSum: reductions(graph.reduceSum),
  reduceMean: reductions(graph.reduceMean),
  reduceMax: reductions(graph.reduceMax),
  reduceSumSquare: reductions(graph.reduceSumSquare),
  logSumExp: [
    one([5], (x) => graph.logSumExp(x, { axis: 0 })),
    one([2, 3], (x) => graph.logSumExp(x, { axis: 0 })),
    one([2, 3, 2], (x) => graph.logSumExp(x, { axis: -1, keepDims: true })),
  ],
  softmax: [
    one([5], (x) => graph.softmax(x, { axis: 0 })),
    one([2, 3], (x) => graph.softmax(x, { axis: -1 })),
    one([2, 3, 2], (x) => graph.softmax(x, { axis: 1 })),
  ],
  logSoftmax: [
    one([5], (x) => graph.logSoftmax(x, { axis: 0 })),
    one([2, 3], (x) => graph.logSoftmax(x, { axis: -1 })),
    one([2, 3, 2], (x) => graph.logSoftmax(x, { axis: 1 })),
  ],
  layerNorm: [
    {
      shapes: [[4], [4], [4]],
      build: (x, scale, bias) => graph.layerNorm(x!, { scale: scale!, bias: bias! }),
    },
    {
      shapes: [[2, 3, 4], [4], [4]],
      build: (x, scale, bias) => graph.layerNorm(x!, { scale: scale!, bias: bias! }),
    },
  ],
  matMul: [
    ...[false, true].flatMap((transposeA) =>
      [false, true].map(
        (transposeB): Case => ({
          shapes: [transposeA ? [3, 2] : [2, 3], transposeB ? [4, 3] : [3, 4]],
          build: (a, b) => graph.matMul(a!, b!, { transposeA, transposeB }),
        }),
      ),
    ),
    ...[false, true].map(
      (transposeB): Case => ({
        shapes: [[2, 2, 3], transposeB ? [2, 4, 3] : [2, 3, 4]],
        build: (a, b) => graph.matMul(a!, b!, { transposeB }),
      }),
    ),
    {
      shapes: [
        [2, 3, 2],
        [3, 4],
      ],
      build: (a, b) => graph.matMul(a!, b!, { transposeA: true }),
    },
    {
      shapes: [
        [1, 1],
        [1, 1],
      ],
      build: (a, b) => graph.matMul(a!, b!),
    },
    { shapes: [[2, 3], [3, 4], [4]], build: (x, w, b) => graph.add(graph.matMul(x!, w!), b!) },
  ],
  reshapeLike: [
    one([2, 3], (x) => graph.reshapeLike(x, graph.constant(new Float32Array(6), [3, 2]))),
    // Side by side and back, as the steps of a sequence are.
    one([2, 3, 2], (x) => graph.reshape(x, [6, 2])),
  ],
  reshape: [one([2, 3], (x) => graph.reshape(x, [3, 2])), one([], (x) => graph.reshape(x, [1, 1]))],
  transpose: [one([2, 3], (x) => graph.transpose(x)), one([2, 3, 4], (x) => graph.transpose(x, [1, 2, 0]))],
  concat: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      build: (a, b) => graph.concat([a!, b!, a!], { axis: 1 }),
    },
    { shapes: [[2], [3]], build: (a, b) => graph.concat([a!, b!], { axis: 0 }) },
  ],
  slice: [
    one([5], (x) => graph.slice(x, { axis: 0, start: 1, end: 4 })),
    one([2, 4, 3], (x) => graph.slice(x, { axis: 1, start: 2 })),
  ],
  pad: [
    one([3], (x) => graph.pad(x, { axis: 0, before: 1, after: 2 })),
    one([2, 3], (x) => graph.pad(x, { axis: -1, after: 2 })),
  ],
  gather: [
    one([4, 3], (x) => graph.gather(x, ints([0, 2, 2], [3]))),
    one([4], (x) => graph.gather(x, ints([3, 3, 1, 0], [2, 2]))),
    one([4, 2], (x) => graph.gather(x, ints([1], []))),
  ],
  scatterAdd: [
    one([3, 2], (updates) =>
      graph.scatterAdd(graph.constant(new Float32Array(8), [4, 2]), {
        indices: ints([0, 2, 2], [3]),
        updates,
      }),
    ),
  ],
  broadcastLike: [
    one([], (x) => graph.broadcastLike(x, graph.constant([1, 2], [2]))),
    one([3], (x) => graph.exp(graph.broadcastLike(x, graph.constant(new Float32Array(6), [2, 3])))),
    one([2, 1], (x) => graph.exp(graph.broadcastLike(x, graph.constant(new Float32Array(6), [2, 3])))),
  ],
  size: { none: "depends on shapes alone" },
};

/** What the operations are made to combine into. */
const compositions: Record<string, Case> = {
  "masked attention over two heads": {
    shapes: [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 2],
    ],
    build: (q, k, v) => {
      const causal = graph.greater(graph.constant([1, 0, 0, 1, 1, 0, 1, 1, 1], [3, 3]), 0);
      const scores = graph.div(graph.matMul(q!, k!, { transposeB: true }), 2);
      return graph.matMul(graph.softmax(graph.where(causal, scores, -1e9), { axis: -1 }), v!);
    },
  },
  "a gelu layer with layer norm and a residual": {
    shapes: [[3, 4], [4, 4], [4], [4]],
    build: (x, w, scale, bias) =>
      graph.add(x!, graph.gelu(graph.matMul(graph.layerNorm(x!, { scale: scale!, bias: bias! }), w!))),
  },
  "in-batch softmax over unit vectors": {
    shapes: [[3, 4], [3, 4], []],
    build: (u, v, temperature) => {
      const unit = (x: Value): Value => graph.l2Normalise(x, { axis: 1 });
      const logits = graph.mul(
        graph.matMul(unit(u!), unit(v!), { transposeB: true }),
        graph.exp(temperature!),
      );
      const eye = graph.constant([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);
      const positives = graph.reduceSum(graph.mul(logits, eye), { axes: [1] });
      return graph.reduceMean(graph.sub(graph.logSumExp(logits, { axis: 1 }), positives));
    },
  },
};

// Sums in double precision: with numbers in float32 a difference over 2^-8 keeps five digits.
const runtime = createPortableRuntime({ precision: "float64" });

/** Numbers spread over a range in a fixed order, none equal to another. */
function spread(count: number, [low, high]: readonly [number, number], seed: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => low + (high - low) * (((i + 1) * 0.618034 + seed * 0.377) % 1),
  );
}

/** The largest difference between gradients() and central differences (f(x + h) - f(x - h)) / 2h. */
async function largestError({ shapes: all, build, range = [-1, 1] }: Case): Promise<number> {
  const parameters = all.map((shape, index) => graph.parameter(`x${index}`, shape));
  const y = build(...parameters);
  const count = graph.elementCount(y.shape)!;
  // Weights that differ, so that a gradient put in the wrong place shows.
  const weights = graph.constant(spread(count, [0.5, 1.5], 7), y.shape as readonly number[]);
  const loss = graph.reduceSum(graph.mul(y, weights));
  const found = graph.gradients(loss, parameters);
  const outputs = Object.fromEntries(found.map((gradient, index) => [`d${index}`, gradient]));
  const session = await runtime.load(emitOnnx({ name: "check", inputs: [], outputs: { loss, ...outputs } }));
  const values = all.map((shape, index) => spread(graph.elementCount(shape)!, range, index));
  const run = (): ReturnType<typeof session.run> =>
    session.run(
      Object.fromEntries(
        parameters.map(({ name }, index) => [
          name,
          { dtype: "float32", shape: all[index]!, data: values[index]! },
        ]),
      ),
    );
  const analytic = await run();
  let worst = 0;
  const h = 2 ** -8;
  for (const [index, data] of values.entries()) {
    expect(analytic[`d${index}`]!.shape).toEqual(all[index]);
    for (let i = 0; i < data.length; i++) {
      const x = data[i]!;
      data[i] = x + h;
      const above = { x: data[i]!, f: (await run())["loss"]!.data[0]! };
      data[i] = x - h;
      const below = { x: data[i]!, f: (await run())["loss"]!.data[0]! };
      data[i] = x;
      const slope = (above.f - below.f) / (above.x - below.x);
      const error = Math.abs(slope - analytic[`d${index}`]!.data[i]!) / Math.max(1, Math.abs(slope));
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
    }
  }
  return worst;
}

describe("gradients() agrees with central differences", () => {
  for (const [kind, checks] of Object.entries(cases)) {
    if ("none" in checks) continue;
    test.each(checks.map((check, index) => ({ index, check, at: JSON.stringify(check.shapes) })))(
      `${kind} at $at ($index)`,
      async ({ check }) => {
        expect(await largestError(check)).toBeLessThan(1e-3);
      },
    );
  }

  test.each(Object.entries(compositions))("%s", async (_name, check) => {
    expect(await largestError(check)).toBeLessThan(1e-3);
  });

  test("the cases of every operation contain that operation", () => {
    for (const [kind, checks] of Object.entries(cases)) {
      if ("none" in checks) continue;
      const kinds = checks.flatMap(({ shapes: all, build }) => {
        const y = build(...all.map((shape, index) => graph.parameter(`x${index}`, shape)));
        return graph.topologicalOrder([y]).map((value) => value.kind);
      });
      expect(kinds).toContain(kind);
    }
  });

  test("every operation has a gradient rule and a case", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(graph.gradientRules).sort());
  });
});

describe("gradients()", () => {
  const w = graph.parameter("w", [3]);

  test("is zeros for what the loss does not depend on", () => {
    const unused = graph.parameter("unused", [2, 2]);
    const [zeros] = graph.gradients(graph.reduceSum(w), [unused]);
    expect(zeros!.shape).toEqual([2, 2]);
    expect(zeros).toMatchObject({ kind: "broadcastLike" });
  });

  test("stops at stopGradient and at casts", () => {
    const loss = graph.reduceSum(
      graph.mul(graph.stopGradient(w), graph.cast(graph.greater(w, 0), "float32")),
    );
    const [gradient] = graph.gradients(loss, [w]);
    expect(graph.topologicalOrder([gradient!]).some((value) => value.kind === "mul")).toBe(false);
  });

  test("leaves alone what does not depend on the parameters", () => {
    const x = graph.input("x", ["batch", 3]);
    const loss = graph.reduceSum(graph.mul(graph.tanh(x), w));
    const order = graph.topologicalOrder(graph.gradients(loss, [w]));
    expect(order.filter((value) => value.kind === "tanh")).toHaveLength(1);
    expect(order.some((value) => value.kind === "sub")).toBe(false);
  });

  test("refuses a loss of more than one number", () => {
    expect(() => graph.gradients(w, [w])).toThrow(RangeError);
  });

  test("reduces over named axes that a parameter lacks or has with length 1", () => {
    const x = graph.input("x", ["batch", 3]);
    const column = graph.parameter("column", [1, 3]);
    const loss = graph.reduceSum(graph.mul(graph.add(graph.mul(x, w), column), x));
    const [dw, dColumn] = graph.gradients(loss, [w, column]);
    expect(dw!.shape).toEqual([3]);
    expect(dColumn!.shape).toEqual([1, 3]);
  });
});
