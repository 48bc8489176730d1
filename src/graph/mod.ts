export {
  abs,
  add,
  cast,
  div,
  equal,
  erf,
  exp,
  gelu,
  greater,
  log,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  pow,
  reciprocal,
  relu,
  sigmoid,
  softplus,
  sqrt,
  step,
  stopGradient,
  sub,
  tanh,
  where,
} from "./elementwise.ts";
export { gradientRules, gradients } from "./gradients.ts";
export {
  broadcastLike,
  concat,
  gather,
  pad,
  reshape,
  reshapeLike,
  scatterAdd,
  slice,
  transpose,
} from "./indexing.ts";
export { constant, input, parameter, scalar, scalarOf } from "./leaves.ts";
export { type MatMulOptions, matMul } from "./matrix.ts";
export { topologicalOrder } from "./node.ts";
export { l2Normalise, layerNorm, logSoftmax, softmax } from "./normalisation.ts";
export {
  logSumExp,
  type ReduceOptions,
  reduceMax,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  sizeAlong,
} from "./reductions.ts";
export { broadcastShapes, elementCount, sameShape, shapeText } from "./shape.ts";
export type { Dim, DType, Node, OpAttributes, OpKind, Shape, Value, ValueType } from "./value.ts";
