import {
  elementCount,
  type Node,
  type OpKind,
  shapeText,
  topologicalOrder,
  type Value,
} from "../graph/mod.ts";
import { type EmissionRule, emissionRules, fusedProduct } from "./emission-rules.ts";
import { encodeOnnx } from "./encode.ts";
import { GraphWriter } from "./graph-writer.ts";
import type { OnnxModel, OnnxTensor, OnnxValueInfo } from "./model.ts";

/** What {@link emitOnnx} writes. */
export interface EmitOptions {
  /** The graph's name in the file. */
  readonly name: string;
  /** Input values in the order of the model's inputs. Those that nothing reads are inputs all the same. */
  readonly inputs: readonly Value[];
  /** Outputs by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Numbers of parameters by name; parameters not named here become inputs, after `inputs`. @default {} */
  readonly parameters?: Readonly<Record<string, Float32Array>>;
  /** Text to carry along. @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
}

type Leaf = Node<"input"> | Node<"parameter">;
const isLeaf = (value: Value): value is Leaf => value.kind === "input" || value.kind === "parameter";

function valueInfo(name: string, value: Value): OnnxValueInfo {
  return { name, dtype: value.dtype, shape: value.shape };
}

function countUses(order: readonly Value[], outputs: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  for (const value of [...order.flatMap((node) => node.inputs), ...outputs]) {
    uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  return uses;
}

function initializer(value: Leaf, data: Float32Array): OnnxTensor {
  if (elementCount(value.shape) !== data.length) {
    throw new RangeError(
      `Cannot emit parameter "${value.name}" as it must have the numbers of ${shapeText(value.shape)}: current value is ${data.length}`,
    );
  }
  return { dtype: "float32", shape: value.shape as readonly number[], data };
}

/** Names by value for everything that the outputs need. */
function writeNodes(order: readonly Value[], writer: GraphWriter): Map<Value, string> {
  const names = new Map<Value, string>();
  const fused = new Set<Value>();
  for (const value of order) {
    const place = fusedProduct(value, writer);
    if (place !== undefined) fused.add(value.inputs[place]!);
  }
  for (const value of order) {
    if (isLeaf(value)) names.set(value, value.name);
    if (isLeaf(value) || fused.has(value)) continue;
    const place = fusedProduct(value, writer);
    // A product that Gemm takes in is replaced by its factors, with the bias after them.
    const inputs =
      place === undefined ? value.inputs : [...value.inputs[place]!.inputs, value.inputs[1 - place]!];
    const rule = emissionRules[value.kind] as EmissionRule<OpKind>;
    names.set(
      value,
      rule(
        value as never,
        inputs.map((input) => names.get(input)!),
        writer,
      ),
    );
  }
  return names;
}

/**
 * A graph as a model: nodes in an order in which they can be run, equal operations written once.
 *
 * @param options What to write.
 * @returns The model as data; {@link emitOnnx} gives bytes.
 * @throws RangeError When two leaves share a name, a leaf is missing from `inputs`, or numbers do not fit a parameter.
 */
export function buildOnnx(options: EmitOptions): OnnxModel {
  const { parameters = {}, metadata = {} } = options;
  const outputs = Object.entries(options.outputs);
  const order = topologicalOrder(outputs.map(([, value]) => value));
  const writer = new GraphWriter(
    countUses(
      order,
      outputs.map(([, value]) => value),
    ),
  );
  const leaves = new Map<string, Leaf>();
  for (const value of [...options.inputs, ...order]) {
    if (!isLeaf(value)) continue;
    const other = leaves.get(value.name);
    if (other !== undefined && other !== value) {
      throw new RangeError(
        `Cannot emit a graph as names of inputs must differ: "${value.name}" is used twice`,
      );
    }
    if (value.kind === "input" && !options.inputs.includes(value)) {
      throw new RangeError(`Cannot emit a graph as every input must be listed: "${value.name}" is not`);
    }
    leaves.set(value.name, value);
  }
  for (const [name] of outputs) {
    if (leaves.has(name))
      throw new RangeError(`Cannot emit a graph as "${name}" must not be an input and an output`);
  }
  const names = writeNodes(order, writer);
  for (const leaf of leaves.values()) {
    const data =
      leaf.kind === "parameter" && Object.hasOwn(parameters, leaf.name) ? parameters[leaf.name] : undefined;
    if (data !== undefined) writer.initializers[leaf.name] = initializer(leaf, data);
  }
  for (const [name, value] of outputs) {
    writer.nodes.push({
      opType: "Identity",
      domain: "",
      inputs: [names.get(value)!],
      outputs: [name],
      attributes: {},
    });
  }
  return {
    name: options.name,
    irVersion: 8,
    opsets: { "": 18 },
    inputs: [...leaves.values()]
      .filter(({ name }) => !Object.hasOwn(writer.initializers, name))
      .map((leaf) => valueInfo(leaf.name, leaf)),
    outputs: outputs.map(([name, value]) => valueInfo(name, value)),
    initializers: writer.initializers,
    nodes: renamed(writer.nodes, outputs.length),
    metadata,
  };
}

/**
 * Gives results their output names directly. The last `count` nodes are identities onto outputs; one is dropped where
 * its source is a node's result that no earlier identity has taken, for a copy of a weight matrix costs time.
 */
function renamed(nodes: OnnxModel["nodes"], count: number): OnnxModel["nodes"] {
  const made = new Set(nodes.slice(0, -count).flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  const identities = nodes.slice(-count).filter((node) => {
    const source = node.inputs[0]!;
    if (!made.has(source) || names.has(source)) return true;
    names.set(source, node.outputs[0]!);
    return false;
  });
  const rename = (name: string): string => names.get(name) ?? name;
  return [...nodes.slice(0, -count), ...identities].map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
}

/**
 * A graph as ONNX bytes that anything which reads operator set 18 can run.
 *
 * @param options What to write.
 * @returns The bytes.
 * @throws RangeError When two leaves share a name, a leaf is missing from `inputs`, or numbers do not fit a parameter.
 *
 * @example
 * ```ts
 * import { emitOnnx, graph } from "futago";
 * const x = graph.input("x", ["batch", 2]);
 * const w = graph.parameter("w", [2, 1]);
 * const bytes = emitOnnx({
 *   name: "line",
 *   inputs: [x],
 *   outputs: { y: graph.matMul(x, w) },
 *   parameters: { w: Float32Array.of(1, 2) },
 * });
 * ```
 */
export function emitOnnx(options: EmitOptions): Uint8Array {
  return encodeOnnx(buildOnnx(options));
}
