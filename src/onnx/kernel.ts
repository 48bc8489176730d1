import { FutagoError } from "../base/mod.ts";
import type { OnnxNode, OnnxTensor, OnnxType } from "./model.ts";

/** Numbers of a tensor while it is computed; element types convert on writing. */
export type Numbers = OnnxTensor["data"];

/** Makes the tensor that a kernel writes into; its numbers are left over from earlier runs. */
export type Allocate = (dtype: OnnxType, shape: readonly number[]) => OnnxTensor;

/** Computes one node. Optional inputs that are left out are undefined. */
export type Kernel = (inputs: readonly (OnnxTensor | undefined)[], allocate: Allocate) => OnnxTensor;

/** Reads a node's attributes once, when the model is loaded. */
export type KernelFactory = (node: OnnxNode) => Kernel;

/** Refuses a model that asks for what the portable executor cannot do. */
export function unsupported(rule: string): never {
  throw new FutagoError(
    "model_unsupported",
    `Cannot run an ONNX model in the portable executor as ${rule}: use ONNX Runtime, or train again`,
  );
}

/** The input at a place, which must be there. */
export function need(inputs: readonly (OnnxTensor | undefined)[], place: number): OnnxTensor {
  return inputs[place] ?? unsupported(`input ${place} of an operator must be given`);
}

/** An int attribute, or what it is where it is left out. */
export function intAttribute(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (attribute === undefined) return otherwise;
  return attribute.kind === "int" ? attribute.value : unsupported(`"${name}" must be an int`);
}

/** An ints attribute; undefined where it is left out. */
export function intsAttribute(node: OnnxNode, name: string): readonly number[] | undefined {
  const attribute = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (attribute === undefined) return undefined;
  return attribute.kind === "ints" ? attribute.value : unsupported(`"${name}" must be ints`);
}

/** A string attribute, or what it is where it is left out. */
export function stringAttribute(node: OnnxNode, name: string, otherwise: string): string {
  const attribute = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (attribute === undefined) return otherwise;
  return attribute.kind === "string" ? attribute.value : unsupported(`"${name}" must be a text`);
}

/** A float attribute, or what it is where it is left out. */
export function floatAttribute(node: OnnxNode, name: string, otherwise: number): number {
  const attribute = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (attribute === undefined) return otherwise;
  return attribute.kind === "float" ? attribute.value : unsupported(`"${name}" must be a float`);
}

/** How many elements a shape has. */
export function countOf(shape: readonly number[]): number {
  let count = 1;
  for (const dim of shape) count *= dim;
  return count;
}

/**
 * A shape as small integers. Lengths read from a file or from int64 numbers are doubles to V8, and so would be every
 * index worked out from them: products run three times slower.
 *
 * @param shape Lengths below 2^31.
 */
export function integerShape(shape: readonly number[]): readonly number[] {
  return shape.map((length) => length | 0);
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  return resolved >= 0 && resolved < rank ? resolved : unsupported(`axis ${axis} must be one of ${rank}`);
}

/** NumPy's broadcasting of two shapes. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    return x === y || y === 1 ? x : x === 1 ? y : unsupported(`[${a}] and [${b}] must broadcast`);
  });
}

/** Steps in the numbers of `shape` along each axis of `target`; 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const strides = new Array<number>(target.length).fill(0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) strides[target.length - shape.length + axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/**
 * Walks over all axes but the last, row by row.
 *
 * @param shape What to walk over.
 * @param strides For each operand its steps along the axes.
 * @param visit Told each operand's position at the start of a row; the array is reused.
 */
export function eachRow(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (positions: readonly number[], row: number) => void,
): void {
  const outer = shape.slice(0, -1);
  const rows = countOf(outer);
  const counters = new Array<number>(outer.length).fill(0);
  const positions = strides.map(() => 0);
  for (let row = 0; row < rows; row++) {
    visit(positions, row);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      counters[axis]!++;
      for (let i = 0; i < strides.length; i++) positions[i]! += strides[i]![axis]!;
      if (counters[axis]! < outer[axis]!) break;
      for (let i = 0; i < strides.length; i++) positions[i]! -= strides[i]![axis]! * counters[axis]!;
      counters[axis] = 0;
    }
  }
}
