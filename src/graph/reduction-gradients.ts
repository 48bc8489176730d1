import { add, cast, div, equal, exp, mul, sqrt, sub } from "./elementwise.ts";
import { type GradientTable, sumTo, withReducedAxes } from "./gradient-table.ts";
import { broadcastLike } from "./indexing.ts";
import { softmax } from "./normalisation.ts";
import { reduceMean, reduceSum, reduceSumSquare, sizeAlong } from "./reductions.ts";
import type { Value } from "./value.ts";

/** Gradients of reductions and of what normalises along an axis; g is the gradient by the result y. */
export const reductionGradients = {
  reduceSum: ({ inputs: [x], axes }, g) => [broadcastLike(withReducedAxes(g, x!, axes), x!)],
  reduceMean: ({ inputs: [x], axes }, g) => [
    broadcastLike(div(withReducedAxes(g, x!, axes), sizeAlong(x!, axes)), x!),
  ],
  // Elements equal to the maximum share the gradient, so that the sum over them is the gradient.
  reduceMax: (y, g) => {
    const x = y.inputs[0]!;
    const largest = cast(equal(x, withReducedAxes(y, x, y.axes)), "float32");
    const share = div(withReducedAxes(g, x, y.axes), reduceSum(largest, { axes: y.axes, keepDims: true }));
    return [mul(largest, share)];
  },
  // d Σx² = 2x
  reduceSumSquare: ({ inputs: [x], axes }, g) => [mul(mul(withReducedAxes(g, x!, axes), 2), x!)],
  // d log Σ e^x = softmax(x)
  logSumExp: ({ inputs: [x], axes }, g) => [
    mul(softmax(x!, { axis: axes[0]! }), withReducedAxes(g, x!, axes)),
  ],
  // dx = y (g - Σ g y)
  softmax: (y, g) => [mul(y, sub(g, reduceSum(mul(g, y), { axes: [y.axis], keepDims: true })))],
  // dx = g - softmax(x) Σ g
  logSoftmax: (y, g) => [sub(g, mul(exp(y), reduceSum(g, { axes: [y.axis], keepDims: true })))],
  // With x̂ = (x - mean) / σ and h = g · scale:  dx = (h - mean(h) - x̂ mean(h x̂)) / σ
  layerNorm: (y, g) => {
    const [x, scale, bias] = y.inputs as [Value, Value, Value];
    const lastAxis = { axes: [-1], keepDims: true };
    const centred = sub(x, reduceMean(x, lastAxis));
    const variance = div(reduceSumSquare(centred, lastAxis), sizeAlong(x, [x.shape.length - 1]));
    const inverse = div(1, sqrt(add(variance, y.epsilon)));
    const normal = mul(centred, inverse);
    const h = mul(g, scale);
    const inner = sub(sub(h, reduceMean(h, lastAxis)), mul(normal, reduceMean(mul(h, normal), lastAxis)));
    return [mul(inner, inverse), sumTo(mul(g, normal), scale.shape), sumTo(g, bias.shape)];
  },
} satisfies Partial<GradientTable>;
