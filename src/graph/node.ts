import { shapeRules } from "./shape-rules.ts";
import type { Node, OpAttributes, OpKind, Value } from "./value.ts";

/**
 * Makes a value: the one place where nodes come to be, so that none exists whose shapes do not fit.
 *
 * @param kind The operation.
 * @param inputs What it reads.
 * @param attributes What it holds beside its inputs.
 * @returns The frozen value.
 * @throws RangeError When shapes or types do not fit.
 */
export function makeNode<K extends OpKind>(
  kind: K,
  inputs: readonly Value[],
  attributes: OpAttributes[K],
): Node<K> {
  const { shape, dtype } = shapeRules[kind](inputs, attributes);
  const node = {
    kind,
    inputs: Object.freeze([...inputs]),
    ...attributes,
    shape: Object.freeze([...shape]),
    dtype,
  };
  return Object.freeze(node) as unknown as Node<K>;
}

/**
 * Every value that the given ones depend on, and themselves, each after all of its inputs.
 *
 * @param outputs Where to start.
 * @returns Values in an order in which they can be computed.
 */
export function topologicalOrder(outputs: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  // An explicit stack: a long chain of operations must not overflow the call stack.
  const stack: { value: Value; next: number }[] = [];
  const visit = (value: Value): void => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.value.inputs[top.next++];
      if (input !== undefined) visit(input);
      else order.push(stack.pop()!.value);
    }
  }
  return order;
}
