import { makeNode } from "./node.ts";
import type { Value } from "./value.ts";

/** Options of {@link matMul}. */
export interface MatMulOptions {
  /** Reads the last two axes of a swapped. @default false */
  readonly transposeA?: boolean;
  /** Reads the last two axes of b swapped. @default false */
  readonly transposeB?: boolean;
}

/**
 * The matrix product over the last two axes; axes before them are batches and broadcast.
 *
 * Ask for transposes here instead of making them: they cost nothing inside the product.
 */
export function matMul(a: Value, b: Value, options: MatMulOptions = {}): Value {
  return makeNode("matMul", [a, b], {
    transposeA: options.transposeA ?? false,
    transposeB: options.transposeB ?? false,
  });
}
