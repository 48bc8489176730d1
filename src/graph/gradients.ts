import { add } from "./elementwise.ts";
import { elementwiseGradients } from "./elementwise-gradients.ts";
import type { GradientRule, GradientTable } from "./gradient-table.ts";
import { broadcastLike } from "./indexing.ts";
import { scalar } from "./leaves.ts";
import { matrixGradients } from "./matrix-gradients.ts";
import { topologicalOrder } from "./node.ts";
import { reductionGradients } from "./reduction-gradients.ts";
import { elementCount, shapeText } from "./shape.ts";
import type { OpKind, Value } from "./value.ts";

const leaf = (): readonly undefined[] => [];

/** How a gradient goes back through every operation. */
export const gradientRules = {
  input: leaf,
  parameter: leaf,
  constant: leaf,
  ...elementwiseGradients,
  ...reductionGradients,
  ...matrixGradients,
} satisfies GradientTable as GradientTable;

function inputGradients(value: Value, gradient: Value): readonly (Value | undefined)[] {
  // The kind picks the rule and the node alike, which the compiler cannot follow through a union.
  return (gradientRules[value.kind] as GradientRule<OpKind>)(value as never, gradient);
}

/**
 * The gradients of a loss, as values of the same graph: reverse-mode differentiation.
 *
 * Values that do not depend on what is asked for are left alone, and so are int32 and bool values.
 *
 * @param loss A float32 value with one element.
 * @param withRespectTo Any values of the graph, usually its parameters.
 * @returns One gradient for each, in its shape; zeros where the loss does not depend on it.
 * @throws RangeError When the loss has more than one element.
 *
 * @example
 * ```ts
 * import { graph } from "futago";
 * const w = graph.parameter("w", [3]);
 * const [gradient] = graph.gradients(graph.reduceSum(graph.mul(w, w)), [w]); // 2w
 * ```
 */
export function gradients(loss: Value, withRespectTo: readonly Value[]): Value[] {
  if (elementCount(loss.shape) !== 1 || loss.dtype !== "float32") {
    throw new RangeError(
      `Cannot differentiate a loss as it must be one float32 number: current value is ${loss.dtype} ${shapeText(loss.shape)}`,
    );
  }
  const order = topologicalOrder([loss]);
  const wanted = new Set(withRespectTo);
  const depends = new Set<Value>();
  for (const value of order) {
    if (value.dtype !== "float32") continue;
    if (wanted.has(value) || value.inputs.some((input) => depends.has(input))) depends.add(value);
  }
  const found = new Map<Value, Value>([[loss, broadcastLike(scalar(1), loss)]]);
  for (const value of order.toReversed()) {
    const gradient = found.get(value);
    if (gradient === undefined || !depends.has(value)) continue;
    const parts = inputGradients(value, gradient);
    value.inputs.forEach((input, index) => {
      const part = parts[index];
      if (part === undefined || !depends.has(input)) return;
      const sofar = found.get(input);
      found.set(input, sofar === undefined ? part : add(sofar, part));
    });
  }
  return withRespectTo.map((value) => found.get(value) ?? broadcastLike(scalar(0), value));
}
