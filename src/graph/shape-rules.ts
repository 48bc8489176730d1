import { broadcastShapes, elementCount, reducedShape, sameShape, shapeText } from "./shape.ts";
import type { Dim, OpAttributes, OpKind, Shape, Value, ValueType } from "./value.ts";

type ShapeRule<K extends OpKind> = (inputs: readonly Value[], attributes: OpAttributes[K]) => ValueType;

/** One rule for every operation. */
export type ShapeTable = { readonly [K in OpKind]: ShapeRule<K> };

function refuse(act: string, rule: string, ...values: readonly Value[]): never {
  const current = values.map((value) => `${value.dtype} ${shapeText(value.shape)}`).join(" and ");
  throw new RangeError(`Cannot ${act} as ${rule}: current value is ${current}`);
}

const floats = (shape: Shape): ValueType => ({ shape, dtype: "float32" });

function needFloat(act: string, ...values: readonly Value[]): void {
  for (const value of values) if (value.dtype !== "float32") refuse(act, "it must be float32", value);
}

const leaf = (_inputs: readonly Value[], { shape, dtype }: ValueType): ValueType => ({ shape, dtype });

function unary(inputs: readonly Value[]): ValueType {
  needFloat("apply a function", inputs[0]!);
  return floats(inputs[0]!.shape);
}

function binary(inputs: readonly Value[]): ValueType {
  const [a, b] = inputs as [Value, Value];
  if (a.dtype !== b.dtype || a.dtype === "bool")
    refuse("combine values", "both must be numbers of one type", a, b);
  return { shape: broadcastShapes(a.shape, b.shape), dtype: a.dtype };
}

const comparison = (inputs: readonly Value[]): ValueType => ({ ...binary(inputs), dtype: "bool" });

function reduction(inputs: readonly Value[], attributes: OpAttributes["reduceSum"]): ValueType {
  needFloat("reduce", inputs[0]!);
  return floats(reducedShape(inputs[0]!.shape, attributes.axes, attributes.keepDims));
}

function matMul(inputs: readonly Value[], attributes: OpAttributes["matMul"]): ValueType {
  const [a, b] = inputs as [Value, Value];
  needFloat("multiply matrices", a, b);
  if (a.shape.length < 2 || b.shape.length < 2)
    refuse("multiply matrices", "both need two axes or more", a, b);
  const [rows, inner] = attributes.transposeA
    ? [a.shape.at(-1)!, a.shape.at(-2)!]
    : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [depth, columns] = attributes.transposeB
    ? [b.shape.at(-1)!, b.shape.at(-2)!]
    : [b.shape.at(-2)!, b.shape.at(-1)!];
  if (inner !== depth) refuse("multiply matrices", "their inner axes must be equal", a, b);
  return floats([...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns]);
}

function reshape(inputs: readonly Value[], { shape }: OpAttributes["reshape"]): ValueType {
  const x = inputs[0]!;
  const fixed = (dims: Shape): number => elementCount(dims.filter((dim) => typeof dim === "number")) ?? 1;
  // "rows*length" is the two axes side by side.
  const named = (dims: Shape): string[] =>
    dims.flatMap((dim) => (typeof dim === "string" ? dim.split("*") : [])).sort();
  if (fixed(shape) !== fixed(x.shape) || !sameShape(named(shape), named(x.shape))) {
    refuse(`reshape to ${shapeText(shape)}`, "the number of elements must stay", x);
  }
  return { shape, dtype: x.dtype };
}

function reshapeLike(inputs: readonly Value[]): ValueType {
  const [x, like] = inputs as [Value, Value];
  return reshape([x], { shape: like.shape });
}

function concat(inputs: readonly Value[], { axis }: OpAttributes["concat"]): ValueType {
  const first = inputs[0]!;
  const others = (value: Value): Shape => value.shape.filter((_, index) => index !== axis);
  for (const value of inputs) {
    if (value.dtype !== first.dtype || !sameShape(others(value), others(first))) {
      refuse(`concatenate along axis ${axis}`, "types and other axes must be equal", ...inputs);
    }
  }
  const lengths = inputs.map((value) => value.shape[axis]!);
  const total: Dim = lengths.every((length) => typeof length === "number")
    ? lengths.reduce((sum: number, length) => sum + (length as number), 0)
    : lengths.join("+");
  return { shape: first.shape.map((dim, index) => (index === axis ? total : dim)), dtype: first.dtype };
}

function resized(x: Value, axis: number, length: (old: number) => number): ValueType {
  const old = x.shape[axis];
  if (typeof old !== "number") refuse("slice or pad", `axis ${axis} must have a known length`, x);
  const now = length(old);
  if (!(now >= 0)) refuse("slice", `the range must lie within axis ${axis}`, x);
  return { shape: x.shape.map((dim, index) => (index === axis ? now : dim)), dtype: x.dtype };
}

/** How the shape and type of every operation follow from its inputs. */
export const shapeRules = {
  input: leaf,
  parameter: leaf,
  constant: leaf,
  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  reciprocal: unary,
  abs: unary,
  tanh: unary,
  sigmoid: unary,
  softplus: unary,
  relu: unary,
  step: unary,
  erf: unary,
  stopGradient: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  cast: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  pow: (inputs) => {
    needFloat("raise to a power", ...inputs);
    return binary(inputs);
  },
  maximum: binary,
  minimum: binary,
  greater: comparison,
  equal: comparison,
  where: (inputs) => {
    const [condition, a, b] = inputs as [Value, Value, Value];
    if (condition.dtype !== "bool") refuse("choose by a condition", "the condition must be bool", condition);
    if (a.dtype !== b.dtype) refuse("choose between values", "both must have one type", a, b);
    return { shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), dtype: a.dtype };
  },
  reduceSum: reduction,
  reduceMean: reduction,
  reduceMax: reduction,
  reduceSumSquare: reduction,
  logSumExp: reduction,
  softmax: unary,
  logSoftmax: unary,
  layerNorm: (inputs) => {
    const [x, scale, bias] = inputs as [Value, Value, Value];
    needFloat("normalise", x, scale, bias);
    for (const vector of [scale, bias]) {
      if (!sameShape(vector.shape, x.shape.slice(-1)))
        refuse("normalise", "scale and bias must fit the last axis", x, vector);
    }
    return floats(x.shape);
  },
  matMul,
  reshape,
  reshapeLike,
  transpose: ([x], { permutation }) => {
    const axes = [...permutation].sort((a, b) => a - b);
    if (axes.length !== x!.shape.length || axes.some((axis, index) => axis !== index)) {
      refuse(`transpose by [${permutation}]`, "it must name every axis once", x!);
    }
    return { shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  concat,
  slice: ([x], { axis, start, end }) =>
    resized(x!, axis, (old) => (start >= 0 && end <= old ? end - start : Number.NaN)),
  pad: ([x], { axis, before, after }) => resized(x!, axis, (old) => old + before + after),
  gather: ([table, indices]) => {
    if (indices!.dtype !== "int32") refuse("gather rows", "indices must be int32", indices!);
    if (table!.shape.length === 0) refuse("gather rows", "the table needs an axis", table!);
    return { shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: table!.dtype };
  },
  scatterAdd: ([like, indices, updates]) => {
    needFloat("add to rows", like!, updates!);
    if (
      indices!.dtype !== "int32" ||
      !sameShape(updates!.shape, [...indices!.shape, ...like!.shape.slice(1)])
    ) {
      refuse("add to rows", "updates must have one row for every int32 index", indices!, updates!);
    }
    return floats(like!.shape);
  },
  broadcastLike: ([x, like]) => {
    if (!sameShape(broadcastShapes(x!.shape, like!.shape), like!.shape)) {
      refuse("repeat a value", "it must broadcast to the other", x!, like!);
    }
    return { shape: like!.shape, dtype: x!.dtype };
  },
  size: () => floats([]),
} satisfies ShapeTable as ShapeTable;
