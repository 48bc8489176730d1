import type { Dim, Shape, Value } from "./value.ts";

/** A shape as a person writes it: `[batch, 64]`. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same, names included. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/**
 * The shape of two values combined element by element, NumPy's rule: axes are matched from the last, and an axis of
 * length 1 repeats. A named axis matches itself and 1; it is taken to be longer than 1.
 *
 * @throws RangeError When an axis has two lengths.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(
        `Cannot combine values as their shapes must broadcast: current values are ${shapeText(a)} and ${shapeText(b)}`,
      );
    }
    result.push(x === 1 ? y : x);
  }
  return result;
}

/**
 * An axis counted from the front.
 *
 * @param axis An axis of `value`; negative counts from the end.
 * @throws RangeError When there is no such axis.
 */
export function resolveAxis(value: Value, axis: number): number {
  const rank = value.shape.length;
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(resolved) || resolved < 0 || resolved >= rank) {
    throw new RangeError(
      `Cannot use axis ${axis} as it must be one of the ${rank} of the value: its shape is ${shapeText(value.shape)}`,
    );
  }
  return resolved;
}

/**
 * How many elements a shape has.
 *
 * @returns The count, or undefined where an axis is only named.
 */
export function elementCount(shape: Shape): number | undefined {
  let count = 1;
  for (const dim of shape) {
    if (typeof dim === "string") return undefined;
    count *= dim;
  }
  return count;
}

/** The shape that is left when `axes` are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}
