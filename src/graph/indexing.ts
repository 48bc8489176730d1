import { makeNode } from "./node.ts";
import { resolveAxis, sameShape } from "./shape.ts";
import type { Shape, Value } from "./value.ts";

/**
 * The same elements under other axes. Named lengths must appear before and after; `"rows*length"` is one axis that holds
 * two of them.
 */
export function reshape(x: Value, shape: Shape): Value {
  return sameShape(x.shape, shape) ? x : makeNode("reshape", [x], { shape });
}

/** The same elements under the axes of another value, whose numbers are not read; needed where two lengths are unknown. */
export function reshapeLike(x: Value, like: Value): Value {
  return sameShape(x.shape, like.shape) ? x : makeNode("reshapeLike", [x, like], {});
}

/**
 * Axes in another order.
 *
 * @param permutation Which axis of x each axis of the result is. @default the axes reversed
 */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  return makeNode("transpose", [x], { permutation: permutation ?? x.shape.map((_, axis) => axis).reverse() });
}

/** Values one after another along an axis. */
export function concat(values: readonly Value[], options: { axis: number }): Value {
  if (values.length === 0) throw new RangeError("Cannot concatenate as at least one value is needed");
  if (values.length === 1) return values[0]!;
  return makeNode("concat", values, { axis: resolveAxis(values[0]!, options.axis) });
}

/**
 * A range along one axis, whose length must be known.
 *
 * @param options `start` (default 0) and `end` (default the axis's length, not included), both counted from the front.
 */
export function slice(x: Value, options: { axis: number; start?: number; end?: number }): Value {
  const axis = resolveAxis(x, options.axis);
  const length = x.shape[axis]!;
  const end = options.end ?? length;
  if (typeof end !== "number") {
    throw new RangeError(`Cannot slice axis ${axis} as its length must be known: current value is "${end}"`);
  }
  const start = options.start ?? 0;
  return start === 0 && end === length ? x : makeNode("slice", [x], { axis, start, end });
}

/** Zeros before and after along one axis. */
export function pad(x: Value, options: { axis: number; before?: number; after?: number }): Value {
  const { before = 0, after = 0 } = options;
  if (before === 0 && after === 0) return x;
  return makeNode("pad", [x], { axis: resolveAxis(x, options.axis), before, after });
}

/**
 * Rows of a table.
 *
 * @param table [rows, …].
 * @param indices Any shape, int32, each in [0, rows).
 * @returns [...indices' shape, …].
 */
export function gather(table: Value, indices: Value): Value {
  return makeNode("gather", [table, indices], {});
}

/**
 * Zeros in the shape of a table, with every update added to the row that its index names; the gradient of gather.
 *
 * @param like The table whose shape is wanted; its numbers are not read.
 * @param rows `indices` (any shape, int32) and `updates` [...indices' shape, …].
 */
export function scatterAdd(like: Value, rows: { indices: Value; updates: Value }): Value {
  return makeNode("scatterAdd", [like, rows.indices, rows.updates], {});
}

/** x repeated to the shape of another value, whose numbers are not read. */
export function broadcastLike(x: Value, like: Value): Value {
  return sameShape(x.shape, like.shape) ? x : makeNode("broadcastLike", [x, like], {});
}
