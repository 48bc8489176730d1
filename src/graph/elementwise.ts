import { broadcastLike } from "./indexing.ts";
import { scalar } from "./leaves.ts";
import { makeNode } from "./node.ts";
import { broadcastShapes, sameShape } from "./shape.ts";
import type { DType, OpKind, Value } from "./value.ts";

/** What element-wise operations take: a value, or a number for a constant. */
export type Operand = Value | number;

const asValue = (operand: Operand): Value => (typeof operand === "number" ? scalar(operand) : operand);

type BinaryKind = Extract<
  OpKind,
  "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "greater" | "equal"
>;

function binary(kind: BinaryKind, left: Operand, right: Operand): Value {
  let a = asValue(left);
  let b = asValue(right);
  const shape = broadcastShapes(a.shape, b.shape);
  // A repeated operand is used unrepeated where the other has the full shape: one pass over memory less.
  if (a.kind === "broadcastLike" && sameShape(b.shape, shape)) a = a.inputs[0]!;
  if (b.kind === "broadcastLike" && sameShape(a.shape, shape)) b = b.inputs[0]!;
  // A number is combined with the unrepeated operand, and the result repeated.
  if (a.kind === "broadcastLike" && b.shape.length === 0) {
    return broadcastLike(binary(kind, a.inputs[0]!, b), a.inputs[1]!);
  }
  if (b.kind === "broadcastLike" && a.shape.length === 0) {
    return broadcastLike(binary(kind, a, b.inputs[0]!), b.inputs[1]!);
  }
  return makeNode(kind, [a, b], {});
}

/** a + b, broadcasting. */
export const add = (a: Operand, b: Operand): Value => binary("add", a, b);
/** a - b, broadcasting. */
export const sub = (a: Operand, b: Operand): Value => binary("sub", a, b);
/** a · b element by element, broadcasting. */
export const mul = (a: Operand, b: Operand): Value => binary("mul", a, b);
/** a / b, broadcasting. */
export const div = (a: Operand, b: Operand): Value => binary("div", a, b);
/** a to the power b, broadcasting; float32. For a < 0 the result is NaN unless b is whole. */
export const pow = (a: Operand, b: Operand): Value => binary("pow", a, b);
/** The larger of a and b, broadcasting. Where they are equal the gradient goes to b. */
export const maximum = (a: Operand, b: Operand): Value => binary("maximum", a, b);
/** The smaller of a and b, broadcasting. Where they are equal the gradient goes to b. */
export const minimum = (a: Operand, b: Operand): Value => binary("minimum", a, b);
/** Whether a > b, as bool. */
export const greater = (a: Operand, b: Operand): Value => binary("greater", a, b);
/** Whether a = b, as bool. */
export const equal = (a: Operand, b: Operand): Value => binary("equal", a, b);

/** -x. */
export const neg = (x: Value): Value => makeNode("neg", [x], {});
/** e to the power x. */
export const exp = (x: Value): Value => makeNode("exp", [x], {});
/** The natural logarithm of x. */
export const log = (x: Value): Value => makeNode("log", [x], {});
/** The square root of x. */
export const sqrt = (x: Value): Value => makeNode("sqrt", [x], {});
/** 1 / x. */
export const reciprocal = (x: Value): Value => makeNode("reciprocal", [x], {});
/** |x|; its gradient at 0 is taken as -1. */
export const abs = (x: Value): Value => makeNode("abs", [x], {});
/** The hyperbolic tangent. */
export const tanh = (x: Value): Value => makeNode("tanh", [x], {});
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Value): Value => makeNode("sigmoid", [x], {});
/** log(1 + e^x), without overflow. */
export const softplus = (x: Value): Value => makeNode("softplus", [x], {});
/** max(x, 0); its gradient at 0 is 0. */
export const relu = (x: Value): Value => makeNode("relu", [x], {});
/** 1 where x > 0, else 0. */
export const step = (x: Value): Value => makeNode("step", [x], {});
/** The error function. */
export const erf = (x: Value): Value => makeNode("erf", [x], {});
/** x, through which no gradient flows. */
export const stopGradient = (x: Value): Value => makeNode("stopGradient", [x], {});
/** x as another type; false and true become 0 and 1. No gradient flows between types. */
export const cast = (x: Value, dtype: DType): Value =>
  x.dtype === dtype ? x : makeNode("cast", [x], { dtype });

/** a where the condition (bool) holds, b elsewhere; broadcasting. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  return makeNode("where", [condition, asValue(a), asValue(b)], {});
}

/**
 * The Gaussian error linear unit, x · Φ(x), exact (not the tanh approximation).
 * Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415, equation 1.
 */
export function gelu(x: Value): Value {
  // x/2 · (1 + erf(x / √2)): the form that ONNX Runtime recognises and fuses.
  return mul(mul(x, add(erf(div(x, Math.SQRT2)), 1)), 0.5);
}
