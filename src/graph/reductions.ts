import { scalar } from "./leaves.ts";
import { makeNode } from "./node.ts";
import { elementCount, resolveAxis } from "./shape.ts";
import type { Value } from "./value.ts";

/** Options of the reductions. */
export interface ReduceOptions {
  /** Axes to reduce, negative ones counted from the end. @default all */
  readonly axes?: readonly number[];
  /** Whether reduced axes stay with length 1. @default false */
  readonly keepDims?: boolean;
}

function resolved(x: Value, options: ReduceOptions): { axes: readonly number[]; keepDims: boolean } {
  const axes = options.axes?.map((axis) => resolveAxis(x, axis)) ?? x.shape.map((_, axis) => axis);
  return { axes: [...new Set(axes)].sort((a, b) => a - b), keepDims: options.keepDims ?? false };
}

/** The sum over axes. */
export function reduceSum(x: Value, options: ReduceOptions = {}): Value {
  return makeNode("reduceSum", [x], resolved(x, options));
}

/** The mean over axes. */
export function reduceMean(x: Value, options: ReduceOptions = {}): Value {
  return makeNode("reduceMean", [x], resolved(x, options));
}

/** The largest over axes; equal ones share the gradient. */
export function reduceMax(x: Value, options: ReduceOptions = {}): Value {
  return makeNode("reduceMax", [x], resolved(x, options));
}

/** The sum of squares over axes. */
export function reduceSumSquare(x: Value, options: ReduceOptions = {}): Value {
  return makeNode("reduceSumSquare", [x], resolved(x, options));
}

/**
 * log Σ e^x along one axis, without overflow.
 *
 * @param options `axis` to reduce; `keepDims` keeps it with length 1 (default false).
 */
export function logSumExp(x: Value, options: { axis: number; keepDims?: boolean }): Value {
  return makeNode(
    "logSumExp",
    [x],
    resolved(x, { axes: [options.axis], keepDims: options.keepDims ?? false }),
  );
}

/** How many elements lie along `axes`, as a float32 scalar: a constant where the lengths are known. */
export function sizeAlong(x: Value, axes: readonly number[]): Value {
  const known = elementCount(axes.map((axis) => x.shape[axis]!));
  return known === undefined ? makeNode("size", [x], { axes }) : scalar(known);
}
