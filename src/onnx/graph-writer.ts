import type { Value } from "../graph/mod.ts";
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType } from "./model.ts";

/** Attributes as a rule writes them: an array is `ints`, a whole number an `int`; a float is said to be one. */
export type AttributeValues = Readonly<
  Record<string, number | readonly number[] | string | OnnxTensor | { readonly float: number }>
>;

function asAttribute(value: AttributeValues[string]): OnnxAttribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if ("float" in value) return { kind: "float", value: value.float };
  if ("dtype" in value) return { kind: "tensor", value };
  return { kind: "ints", value };
}

/** Collects the nodes of one model; the same operation on the same inputs is written once. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Record<string, OnnxTensor> = {};
  readonly #known = new Map<string, string>();
  readonly #uses: ReadonlyMap<Value, number>;
  readonly #prefix: string;

  /**
   * @param uses How often each value is read.
   * @param prefix Before every name, so that the nodes of two writers may lie in one model.
   */
  constructor(uses: ReadonlyMap<Value, number>, prefix = "") {
    this.#uses = uses;
    this.#prefix = prefix;
  }

  /** How often a value is read by others or is an output. */
  uses(value: Value): number {
    return this.#uses.get(value) ?? 0;
  }

  /**
   * Writes one operation.
   *
   * @param opType A standard ONNX operator.
   * @param inputs Names of what it reads.
   * @param attributes Its attributes.
   * @returns The name of its first output.
   */
  op(opType: string, inputs: readonly string[], attributes: AttributeValues = {}): string {
    const key = JSON.stringify([opType, inputs, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const output = `${this.#prefix}_v${this.nodes.length}`;
    const entries = Object.entries(attributes).map(([name, value]) => [name, asAttribute(value)] as const);
    this.nodes.push({
      opType,
      domain: "",
      inputs,
      outputs: [output],
      attributes: Object.fromEntries(entries),
    });
    this.#known.set(key, output);
    return output;
  }

  /** Fixed numbers by name, written once for equal short ones. */
  tensor(dtype: OnnxType, shape: readonly number[], data: OnnxTensor["data"]): string {
    const key = data.length <= 16 ? JSON.stringify([dtype, shape, [...data].map(String)]) : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}_c${Object.keys(this.initializers).length}`;
    this.initializers[name] = { dtype, shape, data };
    if (key !== undefined) this.#known.set(key, name);
    return name;
  }

  /** A vector of int64, as shapes and axes are. */
  int64(values: readonly number[]): string {
    return this.tensor("int64", [values.length], Float64Array.from(values));
  }
}
