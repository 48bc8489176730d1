import { dataTypes } from "./field-numbers.ts";
import {
  broadcast,
  broadcastStrides,
  countOf,
  eachRow,
  intAttribute,
  type KernelFactory,
  type Numbers,
  need,
  unsupported,
} from "./kernel.ts";
import type { OnnxTensor, OnnxType } from "./model.ts";

/** y = f(x), element by element; the element type stays unless `result` names another. */
export function unary(f: (x: number) => number, result?: OnnxType): KernelFactory {
  return () => (inputs, allocate) => {
    const x = need(inputs, 0);
    const y = allocate(result ?? x.dtype, x.shape);
    for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]!);
    return y;
  };
}

function rowOf(
  f: (x: number, y: number) => number,
  z: Numbers,
  from: {
    z: number;
    n: number;
    x: Numbers;
    xAt: number;
    xStep: number;
    y: Numbers;
    yAt: number;
    yStep: number;
  },
): void {
  const { n, x, xStep, y, yStep } = from;
  let { xAt, yAt } = from;
  for (let at = from.z; at < from.z + n; at++) {
    z[at] = f(x[xAt]!, y[yAt]!);
    xAt += xStep;
    yAt += yStep;
  }
}

function combine(
  f: (x: number, y: number) => number,
  a: OnnxTensor,
  b: OnnxTensor,
  make: (shape: readonly number[]) => OnnxTensor,
): OnnxTensor {
  const shape = broadcast(a.shape, b.shape);
  const z = make(shape);
  const n = shape.at(-1) ?? 1;
  const steps = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
  const [xStep, yStep] = steps.map((strides) => strides.at(-1) ?? 0) as [number, number];
  eachRow(shape, steps, ([xAt, yAt], row) => {
    rowOf(f, z.data, { z: row * n, n, x: a.data, xAt: xAt!, xStep, y: b.data, yAt: yAt!, yStep });
  });
  return z;
}

/** z = f(x, y), element by element; the element type is that of x unless `result` names another. */
export function binary(f: (x: number, y: number) => number, result?: OnnxType): KernelFactory {
  return () => (inputs, allocate) => {
    const [a, b] = [need(inputs, 0), need(inputs, 1)];
    if (inputs.length > 2) unsupported("an element-wise operator must have two inputs");
    return combine(f, a, b, (shape) => allocate(result ?? a.dtype, shape));
  };
}

/** f over any number of inputs, the first two first. */
function variadic(f: (x: number, y: number) => number): KernelFactory {
  return () => (inputs, allocate) => {
    const [first, ...rest] = inputs.map((_, place) => need(inputs, place));
    if (first === undefined) return unsupported("an operator of many inputs must have one");
    return rest.reduce((sum, x, place) => {
      if (place === rest.length - 1) return combine(f, sum, x, (shape) => allocate(first.dtype, shape));
      const between = (shape: readonly number[]): OnnxTensor => ({
        dtype: first.dtype,
        shape,
        data: new Float64Array(countOf(shape)),
      });
      return combine(f, sum, x, between);
    }, first);
  };
}

/** What is whole stays whole: ONNX divides integers towards zero. */
const divide: KernelFactory = (node) => {
  const [floats, integers] = [binary((x, y) => x / y)(node), binary((x, y) => Math.trunc(x / y))(node)];
  return (inputs, allocate) => (need(inputs, 0).dtype === "float32" ? floats : integers)(inputs, allocate);
};

const where: KernelFactory = () => (inputs, allocate) => {
  const all = [need(inputs, 0), need(inputs, 1), need(inputs, 2)] as const;
  const [condition, a, b] = all;
  const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
  const y = allocate(a.dtype, shape);
  const n = shape.at(-1) ?? 1;
  const strides = all.map((operand) => broadcastStrides(operand.shape, shape));
  const [cStep, aStep, bStep] = strides.map((steps) => steps.at(-1) ?? 0) as [number, number, number];
  eachRow(shape, strides, ([cAt, aAt, bAt], row) => {
    for (let i = 0; i < n; i++) {
      const holds = condition.data[cAt! + i * cStep] !== 0;
      y.data[row * n + i] = holds ? a.data[aAt! + i * aStep]! : b.data[bAt! + i * bStep]!;
    }
  });
  return y;
};

const expand: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const shape = broadcast(x.shape, Array.from(need(inputs, 1).data));
  const y = allocate(x.dtype, shape);
  const n = shape.at(-1) ?? 1;
  const strides = broadcastStrides(x.shape, shape);
  const step = strides.at(-1) ?? 0;
  eachRow(shape, [strides], ([at], row) => {
    for (let i = 0; i < n; i++) y.data[row * n + i] = x.data[at! + i * step]!;
  });
  return y;
};

const cast: KernelFactory = (node) => {
  const to = intAttribute(node, "to", 0);
  const found = Object.entries(dataTypes).find(([, code]) => code === to) as [OnnxType, number] | undefined;
  if (found === undefined) return unsupported(`a cast must be to float32, int32, int64 or bool: ${to}`);
  const [dtype] = found;
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const y = allocate(dtype, x.shape);
    for (let i = 0; i < y.data.length; i++) {
      const value = x.data[i]!;
      y.data[i] = dtype === "bool" ? (value !== 0 ? 1 : 0) : dtype === "float32" ? value : Math.trunc(value);
    }
    return y;
  };
};

/**
 * The error function to 1.5e-7: Abramowitz & Stegun 1964, formula 7.1.26.
 *
 * erf x = 1 - (a₁t + a₂t² + a₃t³ + a₄t⁴ + a₅t⁵) e^(-x²),  t = 1 / (1 + px),  x ≥ 0
 */
export function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which does not overflow.
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** Kernels of what works element by element. */
export const elementwiseKernels: Readonly<Record<string, KernelFactory>> = {
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Not: unary((x) => (x === 0 ? 1 : 0)),
  IsNaN: unary((x) => (Number.isNaN(x) ? 1 : 0), "bool"),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Softplus: unary(softplus),
  Relu: unary((x) => Math.max(x, 0)),
  Erf: unary(erf),
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: divide,
  Pow: binary((x, y) => x ** y),
  Max: variadic(Math.max),
  Min: variadic(Math.min),
  Sum: variadic((x, y) => x + y),
  And: binary((x, y) => x & y),
  Or: binary((x, y) => x | y),
  Greater: binary((x, y) => (x > y ? 1 : 0), "bool"),
  GreaterOrEqual: binary((x, y) => (x >= y ? 1 : 0), "bool"),
  Less: binary((x, y) => (x < y ? 1 : 0), "bool"),
  LessOrEqual: binary((x, y) => (x <= y ? 1 : 0), "bool"),
  Equal: binary((x, y) => (x === y ? 1 : 0), "bool"),
  Where: where,
  Expand: expand,
  Cast: cast,
};
