import { makeNode } from "./node.ts";
import { elementCount, shapeText } from "./shape.ts";
import type { DType, Node, Shape, Value } from "./value.ts";

/**
 * A value that is handed in at every run.
 *
 * @param name The name of the input in the ONNX model.
 * @param shape Its axes; strings are lengths known only when it runs.
 * @param dtype `float32` unless told; bool cannot be handed in.
 * @returns The value.
 */
export function input(name: string, shape: Shape, dtype: Exclude<DType, "bool"> = "float32"): Node<"input"> {
  return makeNode("input", [], { name, shape, dtype });
}

/**
 * A float32 value that is learned: an input while training, baked into the model for serving.
 *
 * @param name The name of the input or initializer in the ONNX model.
 * @param shape Its axes.
 * @returns The value.
 */
export function parameter(name: string, shape: Shape): Node<"parameter"> {
  return makeNode("parameter", [], { name, shape, dtype: "float32" });
}

/**
 * Fixed numbers.
 *
 * @param values Row-major; a plain array means float32. Must not be changed afterwards.
 * @param shape Their axes, all known.
 * @returns The value.
 * @throws RangeError When the count does not fit the shape.
 */
export function constant(
  values: Float32Array | Int32Array | readonly number[],
  shape: readonly number[],
): Value {
  const data =
    values instanceof Float32Array || values instanceof Int32Array ? values : Float32Array.from(values);
  if (elementCount(shape) !== data.length) {
    throw new RangeError(
      `Cannot make a constant as ${shapeText(shape)} must have as many elements as are given: current value is ${data.length}`,
    );
  }
  return makeNode("constant", [], {
    values: data,
    shape,
    dtype: data instanceof Int32Array ? "int32" : "float32",
  });
}

/**
 * One fixed float32 number, which combines with any shape.
 *
 * @param value The number.
 * @returns A value of shape [].
 */
export function scalar(value: number): Value {
  return constant([value], []);
}

/** The number, where a value is a constant scalar of shape []; otherwise undefined. */
export function scalarOf(value: Value): number | undefined {
  return value.kind === "constant" && value.shape.length === 0 ? value.values[0] : undefined;
}
