import { isFutagoError } from "../base/mod.ts";
import { activationKernels } from "./activation-kernels.ts";
import { elementwiseKernels } from "./elementwise-kernels.ts";
import {
  type Allocate,
  countOf,
  integerShape,
  type Kernel,
  type KernelFactory,
  type Numbers,
  unsupported,
} from "./kernel.ts";
import { matrixKernels } from "./matrix-kernels.ts";
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValueInfo } from "./model.ts";
import { normalisationKernels } from "./normalisation-kernels.ts";
import { parseOnnx } from "./parse.ts";
import { corrupt } from "./protobuf.ts";
import { reductionKernels } from "./reduction-kernels.ts";
import type { LoadOptions, Runtime, Session, Tensor, Tensors } from "./runtime.ts";
import { selectionKernels } from "./selection-kernels.ts";
import { shapeKernels } from "./shape-kernels.ts";

const kernels: ReadonlyMap<string, KernelFactory> = new Map(
  Object.entries({
    ...elementwiseKernels,
    ...activationKernels,
    ...reductionKernels,
    ...normalisationKernels,
    ...matrixKernels,
    ...shapeKernels,
    ...selectionKernels,
  }),
);

/** Options of {@link createPortableRuntime}. */
export interface PortableOptions {
  /**
   * What sums and functions are kept in between inputs and outputs, which are float32 always. `float64` is for
   * checking gradients by differences.
   * @default "float32"
   */
  readonly precision?: "float32" | "float64";
}

// A garbage model must not take all memory: 2^27 numbers are half a gigabyte.
const largest = 2 ** 27;

function newNumbers(dtype: OnnxType, length: number, precision: "float32" | "float64"): Numbers {
  if (dtype === "float32")
    return precision === "float32" ? new Float32Array(length) : new Float64Array(length);
  if (dtype === "int32") return new Int32Array(length);
  return dtype === "bool" ? new Uint8Array(length) : new Float64Array(length);
}

/** An allocator for one node: it keeps its numbers between runs, so that a warm session allocates nothing. */
function allocator(precision: "float32" | "float64"): Allocate {
  let kept: OnnxTensor | undefined;
  return (dtype, shape) => {
    const length = countOf(shape);
    if (!(length >= 0 && length <= largest))
      unsupported(`a tensor must have at most ${largest} numbers: [${shape}]`);
    const data =
      kept?.data.length === length && kept.dtype === dtype ? kept.data : newNumbers(dtype, length, precision);
    kept = { dtype, shape: integerShape(shape), data };
    return kept;
  };
}

interface Step {
  readonly opType: string;
  readonly kernel: Kernel;
  readonly inputs: readonly (string | undefined)[];
  readonly output: string;
  readonly allocate: Allocate;
}

function kernelOf(node: OnnxNode): Kernel {
  const factory = node.domain === "" ? kernels.get(node.opType) : undefined;
  if (factory === undefined) {
    const domain = node.domain === "" ? "" : `${node.domain}:`;
    return unsupported(`it has no operator "${domain}${node.opType}"`);
  }
  const [output, ...more] = node.outputs;
  if (output === undefined || more.some((name) => name !== ""))
    unsupported(`"${node.opType}" must have one output`);
  return factory(node);
}

/**
 * The nodes with one output each, as kernels have it: a Split becomes one node for each of its parts, and a second
 * output that nothing reads, as the mask of a Dropout, is left out.
 */
function withOneOutput(model: OnnxModel): readonly OnnxNode[] {
  const read = new Set([
    ...model.nodes.flatMap(({ inputs }) => inputs),
    ...model.outputs.map(({ name }) => name),
  ]);
  return model.nodes.flatMap((node): OnnxNode[] => {
    const { outputs, attributes } = node;
    if (node.domain !== "" || node.opType !== "Split")
      return [{ ...node, outputs: outputs.filter((name, place) => place === 0 || read.has(name)) }];
    return outputs.map((output, part) => ({
      ...node,
      outputs: [output],
      attributes: {
        ...attributes,
        part: { kind: "int", value: part },
        num_outputs: { kind: "int", value: outputs.length },
      },
    }));
  });
}

/** An operation that the portable executor cannot do. */
export interface UnsupportedNode {
  readonly opType: string;
  /** What the file calls the node, else what it calls its result. */
  readonly name: string;
  readonly reason: string;
}

/** Operator sets that the portable executor reads. */
export const portableOpsets: { readonly least: number; readonly most: number } = Object.freeze({
  least: 13,
  most: 24,
});

/**
 * What keeps a model from running in the portable executor.
 *
 * @param model As parsed.
 * @returns Every such operation; empty where it can be loaded.
 *
 * @example
 * ```ts no-run
 * import { parseOnnx, unsupportedNodes } from "futago";
 * declare const bytes: Uint8Array;
 * for (const { name, opType, reason } of unsupportedNodes(parseOnnx(bytes))) console.log(name, opType, reason);
 * ```
 */
export function unsupportedNodes(model: OnnxModel): readonly UnsupportedNode[] {
  return withOneOutput(model).flatMap((node) => {
    try {
      kernelOf(node);
      return [];
    } catch (error) {
      if (!isFutagoError(error)) throw error;
      const name = node.name ?? node.outputs[0] ?? "";
      return [{ opType: node.opType, name, reason: error.message }];
    }
  });
}

function compile(model: OnnxModel, precision: "float32" | "float64"): Step[] {
  const version = Object.hasOwn(model.opsets, "") ? model.opsets[""]! : 0;
  const { least, most } = portableOpsets;
  if (!(version >= least && version <= most))
    unsupported(`the operator set must be ${least} to ${most}: current value is ${version}`);
  const known = new Set([...Object.keys(model.initializers), ...model.inputs.map(({ name }) => name)]);
  const steps = withOneOutput(model).map((node): Step => {
    const kernel = kernelOf(node);
    const output = node.outputs[0]!;
    for (const name of node.inputs)
      if (name !== "" && !known.has(name)) corrupt(`"${name}" is used before it is made`);
    if (known.has(output)) corrupt(`"${output}" is made twice`);
    known.add(output);
    const inputs = node.inputs.map((name) => (name === "" ? undefined : name));
    return { opType: node.opType, kernel, inputs, output, allocate: allocator(precision) };
  });
  for (const { name, dtype } of model.outputs) {
    if (!known.has(name)) corrupt(`the output "${name}" is not made`);
    if (dtype !== "float32" && dtype !== "int32")
      unsupported(`outputs must be float32 or int32: "${name}" is ${dtype}`);
  }
  return steps;
}

/** Checks what a caller hands in against what the model declares; named lengths must agree. */
function checkInput(info: OnnxValueInfo, tensor: Tensor | undefined, lengths: Map<string, number>): void {
  if (tensor === undefined || tensor.dtype !== info.dtype) {
    throw new TypeError(
      `Cannot run a model as its input "${info.name}" must be ${info.dtype}: current value is ${tensor?.dtype ?? "missing"}`,
    );
  }
  const fits =
    tensor.shape.length === info.shape.length &&
    countOf(tensor.shape) === tensor.data.length &&
    tensor.shape.every((length, axis) => {
      const dim = info.shape[axis]!;
      if (typeof dim === "number") return dim === length;
      if (dim === "?") return true;
      if (!lengths.has(dim)) lengths.set(dim, length);
      return lengths.get(dim) === length;
    });
  if (!fits) {
    throw new RangeError(
      `Cannot run a model as its input "${info.name}" must be [${info.shape}]: current value is ${tensor.data.length} numbers as [${tensor.shape}]`,
    );
  }
}

/** A result as the caller gets it: in the tensor handed in, or in one of its own. */
function delivered(info: OnnxValueInfo, result: OnnxTensor, target: Tensor | undefined): Tensor {
  if (target !== undefined) {
    const fits =
      target.shape.length === result.shape.length && target.shape.every((dim, i) => dim === result.shape[i]);
    if (!fits || target.dtype !== result.dtype || target.data.length !== result.data.length) {
      throw new RangeError(
        `Cannot write output "${info.name}" as it must be ${result.dtype} [${result.shape}]: current value is ${target.dtype} [${target.shape}]`,
      );
    }
    target.data.set(result.data);
    return target;
  }
  return info.dtype === "int32"
    ? { dtype: "int32", shape: result.shape, data: Int32Array.from(result.data) }
    : { dtype: "float32", shape: result.shape, data: new Float32Array(result.data) };
}

class PortableSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #model: OnnxModel;
  readonly #label: string;
  #steps: readonly Step[];
  #values = new Map<string, OnnxTensor>();

  constructor(model: OnnxModel, steps: readonly Step[], label: string) {
    this.#model = model;
    this.#label = label;
    this.#steps = steps;
    this.inputNames = model.inputs.map(({ name }) => name);
    this.outputNames = model.outputs.map(({ name }) => name);
    for (const [name, tensor] of Object.entries(model.initializers)) {
      this.#values.set(name, { ...tensor, shape: integerShape(tensor.shape) });
    }
  }

  async run(inputs: Tensors, outputs: Tensors = {}): Promise<Tensors> {
    if (this.#steps.length === 0)
      throw new TypeError(`Cannot run "${this.#label}" as it must be open: it is closed`);
    const lengths = new Map<string, number>();
    for (const info of this.#model.inputs) {
      const tensor = Object.hasOwn(inputs, info.name) ? inputs[info.name] : undefined;
      checkInput(info, tensor, lengths);
      this.#values.set(info.name, tensor!);
    }
    for (const step of this.#steps) this.#values.set(step.output, this.#compute(step));
    return Object.fromEntries(
      this.#model.outputs.map((info) => [
        info.name,
        delivered(
          info,
          this.#values.get(info.name)!,
          Object.hasOwn(outputs, info.name) ? outputs[info.name] : undefined,
        ),
      ]),
    );
  }

  #compute(step: Step): OnnxTensor {
    const inputs = step.inputs.map((name) => (name === undefined ? undefined : this.#values.get(name)));
    try {
      return step.kernel(inputs, step.allocate);
    } catch (cause) {
      // A row outside a table is the caller's mistake and says so itself.
      if (isFutagoError(cause) || cause instanceof RangeError) throw cause;
      return unsupported(`"${step.opType}" in "${this.#label}" failed: ${String(cause)}`);
    }
  }

  async close(): Promise<void> {
    this.#steps = [];
    this.#values.clear();
  }
}

/**
 * Runs ONNX models in plain TypeScript: every operator that Futago writes, in Node, Deno, a browser or an edge
 * function, with nothing to install. One row through a 1000→512→256→768 tower takes well under a millisecond once
 * warm; for training and batches use ONNX Runtime.
 *
 * A session keeps its intermediate results between runs and copies what it returns.
 *
 * @param options How precisely to compute.
 * @returns The runtime.
 *
 * @example
 * ```ts
 * import { createPortableRuntime, emitOnnx, graph } from "futago";
 * const x = graph.input("x", ["n"]);
 * const model = emitOnnx({ name: "double", inputs: [x], outputs: { y: graph.add(x, x) } });
 * const session = await createPortableRuntime().load(model);
 * const { y } = await session.run({ x: { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) } });
 * ```
 */
export function createPortableRuntime(options: PortableOptions = {}): Runtime {
  const { precision = "float32" } = options;
  return Object.freeze({
    name: "portable",
    async load(bytes: Uint8Array, { name }: LoadOptions = {}): Promise<Session> {
      const model = parseOnnx(bytes);
      return new PortableSession(model, compile(model, precision), name ?? model.name);
    },
  });
}
