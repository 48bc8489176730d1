/** Element types of the ONNX subset that Futago writes and reads. */
export type OnnxType = "float32" | "int32" | "int64" | "bool";

/** Fixed numbers in a model. int64 is held as doubles, exact up to 2^53. */
export interface OnnxTensor {
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Float64Array | Uint8Array;
}

/** An attribute of a node; what is whole is an ONNX int, unless told otherwise by `kind`. */
export type OnnxAttribute =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }
  /** What Futago does not read, such as the body of a loop, by its number in `AttributeProto.AttributeType`. */
  | { readonly kind: "other"; readonly value: number };

/** One operation. An empty input name is an optional input left out. */
export interface OnnxNode {
  /** What the file calls it, for messages. */
  readonly name?: string;
  readonly opType: string;
  /** Empty for the standard operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** The name and type of an input or output. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: OnnxType;
  /** Strings are lengths known only at a run. */
  readonly shape: readonly (number | string)[];
}

/** A model as data: the subset of `ModelProto` that Futago writes and reads. */
export interface OnnxModel {
  readonly name: string;
  readonly irVersion: number;
  /** Operator-set version by domain; the standard domain is "". */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly initializers: Readonly<Record<string, OnnxTensor>>;
  /** In an order in which they can be run. */
  readonly nodes: readonly OnnxNode[];
  readonly metadata: Readonly<Record<string, string>>;
}
