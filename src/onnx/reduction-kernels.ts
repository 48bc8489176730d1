import {
  axisOf,
  countOf,
  intAttribute,
  intsAttribute,
  type KernelFactory,
  type Numbers,
  need,
} from "./kernel.ts";
import type { OnnxTensor } from "./model.ts";

/** For each element the place of its reduction: elements are visited in order. */
function reductionStrides(shape: readonly number[], axes: ReadonlySet<number>): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (axes.has(axis)) continue;
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Calls `visit` with the place of every element and of its result. */
function eachElement(
  shape: readonly number[],
  strides: readonly number[],
  visit: (from: number, to: number) => void,
): void {
  const counters = new Array<number>(shape.length).fill(0);
  const total = countOf(shape);
  let to = 0;
  for (let from = 0; from < total; from++) {
    visit(from, to);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      counters[axis]!++;
      to += strides[axis]!;
      if (counters[axis]! < shape[axis]!) break;
      to -= strides[axis]! * counters[axis]!;
      counters[axis] = 0;
    }
  }
}

interface Fold {
  readonly start: number;
  readonly step: (sofar: number, x: number) => number;
  readonly end?: (sofar: number, count: number) => number;
}

function foldInto(x: OnnxTensor, axes: ReadonlySet<number>, y: Numbers, { start, step, end }: Fold): void {
  // Sums run in double precision: a mean over a million elements keeps its digits.
  const sums = new Float64Array(y.length).fill(start);
  eachElement(x.shape, reductionStrides(x.shape, axes), (from, to) => {
    sums[to] = step(sums[to]!, x.data[from]!);
  });
  const count = x.data.length / Math.max(1, y.length);
  for (let i = 0; i < y.length; i++) y[i] = end === undefined ? sums[i]! : end(sums[i]!, count);
}

function logSumExpInto(x: OnnxTensor, axes: ReadonlySet<number>, y: Numbers): void {
  // log Σ e^x = max + log Σ e^(x - max)
  const largest = new Float64Array(y.length).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(y.length);
  const strides = reductionStrides(x.shape, axes);
  eachElement(x.shape, strides, (from, to) => {
    largest[to] = Math.max(largest[to]!, x.data[from]!);
  });
  eachElement(x.shape, strides, (from, to) => {
    // Where all are -∞ the difference would be NaN.
    sums[to]! += largest[to] === Number.NEGATIVE_INFINITY ? 0 : Math.exp(x.data[from]! - largest[to]!);
  });
  for (let i = 0; i < y.length; i++) y[i] = largest[i]! + Math.log(sums[i]!);
}

function reduction(into: (x: OnnxTensor, axes: ReadonlySet<number>, y: Numbers) => void): KernelFactory {
  return (node) => {
    const keep = intAttribute(node, "keepdims", 1) !== 0;
    // Axes became an input in operator set 18; ReduceSum's in 13.
    const attribute = intsAttribute(node, "axes");
    const noop = intAttribute(node, "noop_with_empty_axes", 0) !== 0;
    return (inputs, allocate) => {
      const x = need(inputs, 0);
      const rank = x.shape.length;
      const named = Array.from(inputs[1]?.data ?? attribute ?? [], (axis) => axisOf(axis, rank));
      const all = named.length === 0 && !noop;
      const axes = new Set(all ? x.shape.keys() : named);
      const shape = keep
        ? x.shape.map((dim, axis) => (axes.has(axis) ? 1 : dim))
        : x.shape.filter((_, axis) => !axes.has(axis));
      const y = allocate(x.dtype, shape);
      into(x, axes, y.data);
      return y;
    };
  };
}

const fold =
  (rule: Fold) =>
  (x: OnnxTensor, axes: ReadonlySet<number>, y: Numbers): void =>
    foldInto(x, axes, y, rule);

/** e^(x - max) / Σ along an axis, or its logarithm. */
function softmax(logarithm: boolean): KernelFactory {
  return (node) => {
    const axis = intAttribute(node, "axis", -1);
    return (inputs, allocate) => {
      const x = need(inputs, 0);
      const at = axisOf(axis, x.shape.length);
      const n = x.shape[at]!;
      const inner = countOf(x.shape.slice(at + 1));
      const y = allocate(x.dtype, x.shape);
      const outer = countOf(x.shape.slice(0, at));
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++)
          softmaxLine(x.data, y.data, { start: o * n * inner + i, step: inner, n, logarithm });
      }
      return y;
    };
  };
}

function softmaxLine(
  x: Numbers,
  y: Numbers,
  line: { start: number; step: number; n: number; logarithm: boolean },
): void {
  const { start, step, n, logarithm } = line;
  const end = start + step * n;
  let largest = Number.NEGATIVE_INFINITY;
  for (let at = start; at < end; at += step) largest = Math.max(largest, x[at]!);
  let sum = 0;
  for (let at = start; at < end; at += step) sum += Math.exp(x[at]! - largest);
  const shift = largest + Math.log(sum);
  for (let at = start; at < end; at += step) y[at] = logarithm ? x[at]! - shift : Math.exp(x[at]! - shift);
}

/** Kernels of reductions, and of softmax. */
export const reductionKernels: Readonly<Record<string, KernelFactory>> = {
  ReduceSum: reduction(fold({ start: 0, step: (sum, x) => sum + x })),
  ReduceMean: reduction(fold({ start: 0, step: (sum, x) => sum + x, end: (sum, count) => sum / count })),
  ReduceMax: reduction(fold({ start: Number.NEGATIVE_INFINITY, step: Math.max })),
  ReduceProd: reduction(fold({ start: 1, step: (product, x) => product * x })),
  ReduceMin: reduction(fold({ start: Number.POSITIVE_INFINITY, step: Math.min })),
  ReduceL1: reduction(fold({ start: 0, step: (sum, x) => sum + Math.abs(x) })),
  ReduceL2: reduction(fold({ start: 0, step: (sum, x) => sum + x * x, end: Math.sqrt })),
  ReduceSumSquare: reduction(fold({ start: 0, step: (sum, x) => sum + x * x })),
  ReduceLogSumExp: reduction(logSumExpInto),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
};
