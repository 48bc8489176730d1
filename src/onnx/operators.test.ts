import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { activationKernels } from "./activation-kernels.ts";
import { elementwiseKernels } from "./elementwise-kernels.ts";
import { encodeOnnx } from "./encode.ts";
import { matrixKernels } from "./matrix-kernels.ts";
import {
  createPortableRuntime,
  type OnnxAttribute,
  type OnnxTensor,
  type Runtime,
  type Tensor,
} from "./mod.ts";
import { normalisationKernels } from "./normalisation-kernels.ts";
import { reductionKernels } from "./reduction-kernels.ts";
import { selectionKernels } from "./selection-kernels.ts";
import { shapeKernels } from "./shape-kernels.ts";

const reference = await createOrtRuntime({ threads: 1 });
const portable = createPortableRuntime();

const floats = (data: readonly number[], shape: readonly number[] = [data.length]): OnnxTensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});
const int64 = (...data: number[]): OnnxTensor => ({
  dtype: "int64",
  shape: [data.length],
  data: Float64Array.from(data),
});
const scalar = (value: number): OnnxTensor => ({ ...int64(value), shape: [] });
const bools = (...data: number[]): OnnxTensor => ({
  dtype: "bool",
  shape: [data.length],
  data: Uint8Array.from(data),
});
const f = (value: number): OnnxAttribute => ({ kind: "float", value });
const i = (value: number): OnnxAttribute => ({ kind: "int", value });
const ints = (...value: number[]): OnnxAttribute => ({ kind: "ints", value });
const text = (value: string): OnnxAttribute => ({ kind: "string", value });

/** Rows of one and of several signs, zeros among them. */
const x = floats([-3, -0.5, 0, 0.25, 1, 7, 2, -1, 0.5, -0.125, 4, 0], [2, 2, 3]);
const matrix = floats([1, -2, 3, 4, 5, -6], [2, 3]);
const positive = floats([0.5, 1, 4, 9, 0.1, 2], [2, 3]);

interface Case {
  /** The operator, and what is special about the case. */
  readonly title: string;
  /** The first ones that are float32 are the model's inputs, the rest lies in it. */
  readonly inputs: readonly (OnnxTensor | undefined)[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly opset?: number;
  /** `y` is looked at. @default ["y"] */
  readonly outputs?: readonly string[];
  /** What the operator gives, where it is not float32: it is cast, as only float32 and int32 leave a model. */
  readonly gives?: "bool" | "int64";
}

const of = (title: string, ...inputs: (OnnxTensor | undefined)[]): Case => ({ title, inputs });
const unaries = [
  ...["Sign", "Floor", "Ceil", "HardSwish", "Softsign", "Mish", "Selu", "Elu", "Celu", "LeakyRelu"],
  ...["Relu", "Tanh", "Sigmoid", "Erf", "HardSigmoid", "Identity", "Softplus", "Neg", "Abs", "Exp"],
].map((name) => of(name, x));

const cases: readonly Case[] = [
  ...unaries,
  { ...of("Gelu", x), opset: 20 },
  { ...of("Gelu by tanh", x), opset: 20, attributes: { approximate: text("tanh") } },
  { ...of("Swish", x), opset: 24 },
  { ...of("Swish with alpha", x), attributes: { alpha: f(2) }, opset: 24 },
  { ...of("LeakyRelu with a slope", x), attributes: { alpha: f(0.3) } },
  { ...of("Elu with alpha", x), attributes: { alpha: f(2) } },
  { ...of("Selu with alpha and gamma", x), attributes: { alpha: f(2), gamma: f(0.5) } },
  { ...of("HardSigmoid with alpha and beta", x), attributes: { alpha: f(0.5), beta: f(0.1) } },
  of("PRelu", x, floats([0.5, 0.25, -1])),
  of("Clip", x, floats([-1], []), floats([1], [])),
  of("Clip from below", x, floats([1e-12], [])),
  of("Clip from above", x, undefined, floats([0.5], [])),
  of("Max of three", x, floats([0, 1, 2]), floats([0.5], [])),
  of("Min of three", x, floats([0, 1, 2]), floats([0.5], [])),
  of("Sum of three", x, floats([0, 1, 2]), floats([0.5], [])),
  ...["Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"].map((name) => ({
    ...of(name, matrix, floats([1, -2, 0])),
    gives: "bool" as const,
  })),
  { ...of("And", bools(1, 1, 0, 0), bools(1, 0, 1, 0)), gives: "bool" },
  { ...of("Or", bools(1, 1, 0, 0), bools(1, 0, 1, 0)), gives: "bool" },
  { ...of("Not", bools(1, 0)), gives: "bool" },
  { ...of("IsNaN", floats([Number.NaN, 1])), gives: "bool" },
  { ...of("Div of integers", int64(7, -7, 9), int64(2, 2, -4)), gives: "int64" },
  of("Div", x, floats([2, -4, 0.5])),
  of("Pow", positive, floats([2], [])),
  of("Where", bools(1, 0, 1), matrix, floats([9], [])),
  // Reductions: axes as an input from 18 on (ReduceSum from 13), before as an attribute.
  ...[
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceSumSquare",
  ].flatMap((name) => [
    { ...of(`${name} along the last axis`, matrix, int64(-1)), attributes: { keepdims: i(1) } },
    { ...of(`${name} of operator set 13`, matrix), attributes: { axes: ints(0), keepdims: i(0) }, opset: 13 },
    { ...of(`${name} of everything`, matrix), attributes: { keepdims: i(0) } },
  ]),
  { ...of("ReduceSum of operator set 13", matrix, int64(1)), attributes: { keepdims: i(1) }, opset: 13 },
  { ...of("Softmax along the first axis", matrix), attributes: { axis: i(0) } },
  of("LayerNormalization", matrix, floats([1, 2, 3]), floats([0.5, 0, -1])),
  { ...of("LayerNormalization without bias", matrix, floats([1, 2, 3])), attributes: { epsilon: f(0.1) } },
  {
    ...of("LayerNormalization over two axes", x, floats([1, 2, 3, 4, 5, 6], [2, 3])),
    attributes: { axis: i(1) },
  },
  of(
    "BatchNormalization",
    matrix,
    ...[
      [1, 2, 3],
      [0, 1, 0],
      [2, -1, 0],
      [1, 4, 0.5],
    ].map((row) => floats(row)),
  ),
  {
    ...of(
      "BatchNormalization of three axes",
      x,
      floats([1, 2]),
      floats([0, 1]),
      floats([2, -1]),
      floats([1, 4]),
    ),
    attributes: { epsilon: f(0.01), training_mode: i(0) },
    opset: 15,
  },
  { ...of("LpNormalization", x), attributes: { axis: i(1), p: i(2) } },
  { ...of("LpNormalization of order 1", matrix), attributes: { axis: i(-1), p: i(1) } },
  {
    ...of("Gemm with alpha and beta", matrix, floats([1, 0, 2, 1, -1, 3], [2, 3]), floats([10, 20])),
    attributes: { transB: i(1), alpha: f(0.5), beta: f(2) },
  },
  {
    ...of("Gemm with beta alone", matrix, floats([1, 0, 2, 1, -1, 3], [3, 2]), floats([10, 20], [1, 2])),
    attributes: { beta: f(-0.5) },
  },
  of("MatMul of a matrix and a vector", matrix, floats([1, 2, -1])),
  of("MatMul of a vector and matrices", floats([1, -1]), x),
  { ...of("MatMul of vectors", floats([1, 2, 3]), floats([4, 5, -6])) },
  of("Gather of rows", matrix, { ...int64(1, 0, -1, 1), shape: [2, 2] }),
  { ...of("Gather of columns", x, int64(2, 0)), attributes: { axis: i(2) } },
  { ...of("Gather of one", matrix, scalar(1)), attributes: { axis: i(1) } },
  { ...of("Concat of three", matrix, positive, matrix), attributes: { axis: i(-1) } },
  of("Slice of two axes", x, int64(0, 1), int64(9, 3), int64(1, 2)),
  of("Slice in steps", x, int64(2, 0), int64(-9, 2), int64(2, 0), int64(-1, 1)),
  of("Slice without axes", matrix, int64(1), int64(2)),
  of("Slice of nothing", matrix, int64(2), int64(1), int64(1)),
  {
    ...of("Split, one part of two", x, int64(1, 2)),
    attributes: { axis: i(2) },
    outputs: ["other", "y"],
    opset: 13,
  },
  { ...of("Split into equal parts", x), attributes: { axis: i(-1) }, outputs: ["y", "b", "c"], opset: 13 },
  {
    ...of("Split by number", matrix),
    attributes: { axis: i(1), num_outputs: i(2) },
    outputs: ["other", "y"],
  },
  of("Pad", matrix, int64(1, 0, 0, 2), floats([7], [])),
  { ...of("Pad of named axes", matrix, int64(2, 1), undefined, int64(-1)), opset: 19 },
  of("Tile", matrix, int64(2, 3)),
  of("Expand", floats([1, 2, 3], [1, 3]), int64(2, 1, 3)),
  of("Reshape", x, int64(0, -1)),
  { ...of("Reshape of everything", x, int64(-1)), attributes: { allowzero: i(1) } },
  of("Flatten", x),
  { ...of("Flatten at the end", x), attributes: { axis: i(3) } },
  { ...of("Flatten at 0", x), attributes: { axis: i(0) } },
  of("Squeeze", floats([1, 2], [1, 2, 1]), int64(-1)),
  of("Squeeze of all", floats([1, 2], [1, 2, 1])),
  of("Unsqueeze", matrix, int64(0, -1)),
  { ...of("Transpose", x), attributes: { perm: ints(1, 2, 0) } },
  of("Transpose of all", x),
  of("Dropout", x),
  { ...of("Dropout with a mask that nothing reads", x), outputs: ["y", "mask"] },
  of("Dropout with its inputs", x, floats([0.5], []), { ...bools(0), shape: [] }),
  { ...of("Shape", x), gives: "int64" },
  { ...of("Shape of some axes", x), attributes: { start: i(-2), end: i(3) }, gives: "int64" },
  { ...of("Size", x), gives: "int64" },
  { ...of("Constant, one float"), attributes: { value_float: f(1.5) } },
  { ...of("Constant, floats"), attributes: { value_floats: { kind: "floats", value: [1.5, 2] } } },
  { ...of("Constant, one int"), attributes: { value_int: i(3) }, gives: "int64" },
  { ...of("Constant, ints"), attributes: { value_ints: ints(3, -4) }, gives: "int64" },
  { ...of("Constant, a tensor"), attributes: { value: { kind: "tensor", value: matrix } } },
  of("ConstantOfShape", int64(2, 3)),
  {
    ...of("ConstantOfShape with a value", int64(2)),
    attributes: { value: { kind: "tensor", value: int64(7) } },
    gives: "int64",
  },
  { ...of("Cast to an integer", x), attributes: { to: i(7) }, gives: "int64" },
  { ...of("Cast to bool", x), attributes: { to: i(9) }, gives: "bool" },
  of("OneHot", int64(1, 0, -1, 9), scalar(3), floats([0, 1])),
  { ...of("OneHot first", int64(1, 0), scalar(3), floats([-1, 5])), attributes: { axis: i(0) } },
  ...["Log", "Sqrt", "Reciprocal"].map((name) => of(name, positive)),
  ...["Add", "Sub", "Mul"].map((name) => of(name, x, floats([2, -4, 0.5]))),
  { ...of("LogSoftmax", matrix), attributes: { axis: i(-1) } },
  of("ReduceLogSumExp", matrix, int64(1)),
  {
    ...of("ScatterND", matrix, { ...int64(1, 1), shape: [2, 1] }, positive),
    attributes: { reduction: text("add") },
  },
  of("Range", floats([1], []), floats([3], []), floats([0.5], [])),
  { ...of("Range downwards", scalar(5), scalar(0), scalar(-2)), gives: "int64" },
];

const operatorOf = ({ title }: Case): string => title.split(/[ ,]/)[0]!;

/** A model of one node; ONNX Runtime refuses one whose output is not declared as it comes. */
function modelOf(example: Case, shape: readonly number[]): Uint8Array {
  const { title, inputs, attributes = {}, opset = 18, gives, outputs = ["y"] } = example;
  const named = inputs.map((tensor, place) => ({ name: tensor === undefined ? "" : `x${place}`, tensor }));
  const cast = { name: "cast", opType: "Cast", domain: "", inputs: ["raw"], outputs: ["y"] };
  return encodeOnnx({
    name: title,
    irVersion: 8,
    opsets: { "": opset },
    inputs: named.flatMap(({ name, tensor }) =>
      tensor?.dtype === "float32" ? [{ name, dtype: tensor.dtype, shape: tensor.shape }] : [],
    ),
    outputs: [{ name: "y", dtype: "float32", shape }],
    initializers: Object.fromEntries(
      named.flatMap(({ name, tensor }) =>
        tensor === undefined || tensor.dtype === "float32" ? [] : [[name, tensor]],
      ),
    ),
    nodes: [
      {
        name: "node",
        opType: operatorOf(example),
        domain: "",
        inputs: named.map(({ name }) => name),
        outputs: gives === undefined ? outputs : ["raw"],
        attributes,
      },
      ...(gives === undefined ? [] : [{ ...cast, attributes: { to: i(1) } }]),
    ],
    metadata: {},
  });
}

describe("the portable executor", () => {
  test.each(cases)("gives what ONNX Runtime gives: $title", async (example) => {
    const given = Object.fromEntries(
      example.inputs.flatMap((tensor, place) =>
        tensor?.dtype === "float32" ? [[`x${place}`, tensor as Tensor]] : [],
      ),
    );
    const run = async (runtime: Runtime, shape: readonly number[]): Promise<Tensor> => {
      const session = await runtime.load(modelOf(example, shape));
      const { y } = await session.run(given);
      await session.close();
      return y!;
    };
    const actual = await run(portable, []);
    const expected = await run(reference, actual.shape);
    expect(actual.shape).toEqual(expected.shape);
    for (const [at, value] of expected.data.entries())
      expect(Math.abs(actual.data[at]! - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)));
  });
});

/** What the executor has a kernel for. */
const known = [
  elementwiseKernels,
  activationKernels,
  reductionKernels,
  normalisationKernels,
  matrixKernels,
  shapeKernels,
  selectionKernels,
].flatMap((kernels) => Object.keys(kernels));

test("every operator has a case", () => {
  expect([...new Set(cases.map(operatorOf))].sort()).toEqual([...known].sort());
});

test("docs/models.md lists every operator", () => {
  const [, list] = /<!-- operators -->([\s\S]*?)<!-- \/operators -->/.exec(
    readFileSync(`${import.meta.dirname}/../../docs/models.md`, "utf8"),
  )!;
  expect(Array.from(list!.matchAll(/`(\w+)`/g), ([, name]) => name)).toEqual([...known].sort());
});
