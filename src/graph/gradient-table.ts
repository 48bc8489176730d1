import { reshape } from "./indexing.ts";
import { reduceSum } from "./reductions.ts";
import { reducedShape } from "./shape.ts";
import type { Node, OpKind, Shape, Value } from "./value.ts";

/**
 * How a gradient goes back through one operation.
 *
 * @param node The operation's value.
 * @param gradient Of the loss by that value; same shape as the value.
 * @returns For each input the gradient by it, same shape as the input; undefined where none flows. What nobody needs
 * is never emitted, so a rule need not ask.
 */
export type GradientRule<K extends OpKind> = (
  node: Node<K>,
  gradient: Value,
) => readonly (Value | undefined)[];

/** One rule for every operation. */
export type GradientTable = { readonly [K in OpKind]: GradientRule<K> };

/**
 * Sums a gradient over the axes along which a value of `shape` was repeated: those it lacks, and those where it has
 * length 1 and the gradient has not.
 */
export function sumTo(gradient: Value, shape: Shape): Value {
  const missing = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dim, axis) =>
    axis < missing || (shape[axis - missing] === 1 && dim !== 1) ? [axis] : [],
  );
  return axes.length === 0 ? gradient : reshape(reduceSum(gradient, { axes }), shape);
}

/** The gradient of a reduction with its reduced axes put back as length 1, so that it broadcasts. */
export function withReducedAxes(gradient: Value, x: Value, axes: readonly number[]): Value {
  return reshape(gradient, reducedShape(x.shape, axes, true));
}
