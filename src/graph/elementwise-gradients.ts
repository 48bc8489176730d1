import { div, exp, greater, log, mul, neg, pow, sigmoid, step, sub, where } from "./elementwise.ts";
import { type GradientTable, sumTo } from "./gradient-table.ts";
import type { Value } from "./value.ts";

const pick = (condition: Value, gradient: Value): Value => where(condition, gradient, 0);
const none = (): readonly undefined[] => [];

/** Gradients of what works element by element; g is the gradient by the result y. */
export const elementwiseGradients = {
  neg: (_, g) => [neg(g)],
  // d e^x = e^x
  exp: (y, g) => [mul(g, y)],
  // d log x = 1/x
  log: ({ inputs: [x] }, g) => [div(g, x!)],
  // d √x = 1 / (2√x)
  sqrt: (y, g) => [div(mul(g, 0.5), y)],
  // d 1/x = -1/x²
  reciprocal: (y, g) => [neg(mul(g, mul(y, y)))],
  abs: ({ inputs: [x] }, g) => [where(greater(x!, 0), g, neg(g))],
  // d tanh x = 1 - tanh² x
  tanh: (y, g) => [mul(g, sub(1, mul(y, y)))],
  // d σ(x) = σ(x) (1 - σ(x))
  sigmoid: (y, g) => [mul(g, mul(y, sub(1, y)))],
  // d log(1 + e^x) = σ(x)
  softplus: ({ inputs: [x] }, g) => [mul(g, sigmoid(x!))],
  // A product with 0 and 1, which ONNX Runtime computes faster than a choice.
  relu: (y, g) => [mul(g, step(y))],
  step: none,
  // d erf x = 2/√π · e^(-x²)
  erf: ({ inputs: [x] }, g) => [mul(g, mul(exp(neg(mul(x!, x!))), 2 / Math.sqrt(Math.PI)))],
  stopGradient: none,
  cast: none,
  add: ({ inputs: [a, b] }, g) => [sumTo(g, a!.shape), sumTo(g, b!.shape)],
  sub: ({ inputs: [a, b] }, g) => [sumTo(g, a!.shape), neg(sumTo(g, b!.shape))],
  mul: ({ inputs: [a, b] }, g) =>
    // d x² = 2x in one product instead of two and their sum.
    a === b ? [mul(mul(g, 2), a!)] : [sumTo(mul(g, b!), a!.shape), sumTo(mul(g, a!), b!.shape)],
  // d a/b = da/b - (a/b) db/b
  div: (y, g) => {
    const [a, b] = y.inputs as [Value, Value];
    const byA = div(g, b);
    return [sumTo(byA, a.shape), neg(sumTo(mul(byA, y), b.shape))];
  },
  // d a^b = b a^(b-1) da + a^b log(a) db; the second only where a > 0, as for a constant b nobody asks for it.
  pow: (y, g) => {
    const [a, b] = y.inputs as [Value, Value];
    const byB = where(greater(a, 0), mul(g, mul(y, log(a))), 0);
    return [sumTo(mul(g, mul(b, pow(a, sub(b, 1)))), a.shape), sumTo(byB, b.shape)];
  },
  maximum: ({ inputs: [a, b] }, g) => {
    const first = pick(greater(a!, b!), g);
    return [sumTo(first, a!.shape), sumTo(sub(g, first), b!.shape)];
  },
  minimum: ({ inputs: [a, b] }, g) => {
    const first = pick(greater(b!, a!), g);
    return [sumTo(first, a!.shape), sumTo(sub(g, first), b!.shape)];
  },
  greater: none,
  equal: none,
  where: ({ inputs: [condition, a, b] }, g) => [
    undefined,
    sumTo(pick(condition!, g), a!.shape),
    sumTo(where(condition!, 0, g), b!.shape),
  ],
} satisfies Partial<GradientTable>;
