/** What the numbers of a value are. */
export type DType = "float32" | "int32" | "bool";

/** The length of one axis: a number, or a name such as `"batch"` for a length known only when the graph runs. */
export type Dim = number | string;

/** The lengths of all axes; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** What a shape rule says about a value. */
export interface ValueType {
  readonly shape: Shape;
  readonly dtype: DType;
}

type None = Readonly<Record<never, never>>;

interface Reduction {
  /** Axes that are reduced, ascending, none negative. */
  readonly axes: readonly number[];
  /** Whether reduced axes stay, with length 1. */
  readonly keepDims: boolean;
}

interface AlongAxis {
  readonly axis: number;
}

/**
 * The closed union of operations, each with what it holds beside its inputs. Every operation has one rule in each of
 * three total tables: shapes (`shape-rules.ts`), gradients (`gradient-rules.ts`) and ONNX emission
 * (`onnx/emission-rules.ts`); a new entry here does not compile until it has all three.
 */
export interface OpAttributes {
  // Leaves.
  readonly input: ValueType & { readonly name: string };
  readonly parameter: ValueType & { readonly name: string };
  readonly constant: ValueType & { readonly values: Float32Array | Int32Array };
  // Element by element.
  readonly neg: None;
  readonly exp: None;
  readonly log: None;
  readonly sqrt: None;
  readonly reciprocal: None;
  readonly abs: None;
  readonly tanh: None;
  readonly sigmoid: None;
  readonly softplus: None;
  readonly relu: None;
  readonly step: None;
  readonly erf: None;
  readonly stopGradient: None;
  readonly cast: { readonly dtype: DType };
  readonly add: None;
  readonly sub: None;
  readonly mul: None;
  readonly div: None;
  readonly pow: None;
  readonly maximum: None;
  readonly minimum: None;
  readonly greater: None;
  readonly equal: None;
  readonly where: None;
  // Reductions.
  readonly reduceSum: Reduction;
  readonly reduceMean: Reduction;
  readonly reduceMax: Reduction;
  readonly reduceSumSquare: Reduction;
  readonly logSumExp: Reduction;
  // Normalisation along an axis.
  readonly softmax: AlongAxis;
  readonly logSoftmax: AlongAxis;
  readonly layerNorm: { readonly epsilon: number };
  // Matrices.
  readonly matMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  // Shapes and indices.
  readonly reshape: { readonly shape: Shape };
  readonly reshapeLike: None;
  readonly transpose: { readonly permutation: readonly number[] };
  readonly concat: AlongAxis;
  readonly slice: AlongAxis & { readonly start: number; readonly end: number };
  readonly pad: AlongAxis & { readonly before: number; readonly after: number };
  readonly gather: None;
  readonly scatterAdd: None;
  readonly broadcastLike: None;
  readonly size: { readonly axes: readonly number[] };
}

/** The name of an operation. */
export type OpKind = keyof OpAttributes;

interface NodeBase<K extends OpKind> extends ValueType {
  readonly kind: K;
  readonly inputs: readonly Value[];
}

/** A value made by one kind of operation. */
export type Node<K extends OpKind> = NodeBase<K> & OpAttributes[K];

/**
 * A tensor in a graph: which operation made it, from what, and its type. Plain frozen data; two values are the same
 * when they are the same object.
 */
export type Value = { readonly [K in OpKind]: Node<K> }[OpKind];
