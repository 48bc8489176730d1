import { add, div, mul, sqrt } from "./elementwise.ts";
import { makeNode } from "./node.ts";
import { reduceSumSquare } from "./reductions.ts";
import { resolveAxis } from "./shape.ts";
import type { Value } from "./value.ts";

/** e^x / Σ e^x along an axis, without overflow. */
export function softmax(x: Value, options: { axis: number }): Value {
  return makeNode("softmax", [x], { axis: resolveAxis(x, options.axis) });
}

/** log(e^x / Σ e^x) along an axis, without overflow. */
export function logSoftmax(x: Value, options: { axis: number }): Value {
  return makeNode("logSoftmax", [x], { axis: resolveAxis(x, options.axis) });
}

/**
 * (x - mean) / √(variance + ε) · scale + bias over the last axis.
 * Ba, Kiros & Hinton 2016, https://arxiv.org/abs/1607.06450, equation 4.
 *
 * @param x [..., n].
 * @param affine `scale` [n], `bias` [n] and `epsilon` (default 1e-5).
 */
export function layerNorm(x: Value, affine: { scale: Value; bias: Value; epsilon?: number }): Value {
  return makeNode("layerNorm", [x, affine.scale, affine.bias], { epsilon: affine.epsilon ?? 1e-5 });
}

/**
 * x with unit length along an axis: x / √(Σ x² + ε).
 *
 * @param options `axis`, and `epsilon` (default 1e-12), which keeps a row of zeros at zero instead of NaN.
 */
export function l2Normalise(x: Value, options: { axis: number; epsilon?: number }): Value {
  const square = reduceSumSquare(x, { axes: [options.axis], keepDims: true });
  // The reciprocal is taken of one number a row, so that only one pass goes over the rows themselves.
  return mul(x, div(1, sqrt(add(square, options.epsilon ?? 1e-12))));
}
