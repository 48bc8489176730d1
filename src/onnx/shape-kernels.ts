import {
  axisOf,
  countOf,
  eachRow,
  intAttribute,
  integerShape,
  type KernelFactory,
  type Numbers,
  need,
  unsupported,
} from "./kernel.ts";
import type { OnnxTensor } from "./model.ts";

const integers = (tensor: OnnxTensor): number[] => Array.from(tensor.data);

const identity: KernelFactory = () => (inputs) => need(inputs, 0);

/** Of three inputs the first: what drops units while training leaves them alone afterwards. */
const dropout: KernelFactory = () => (inputs) => {
  const training = inputs[2]?.data[0];
  if (training !== undefined && training !== 0)
    return unsupported("a Dropout must be exported for inference");
  return need(inputs, 0);
};

const shapeOf: KernelFactory = (node) => {
  const start = intAttribute(node, "start", 0);
  const end = intAttribute(node, "end", Number.MAX_SAFE_INTEGER);
  return (inputs, allocate) => {
    const lengths = need(inputs, 0).shape.slice(start, end);
    const y = allocate("int64", [lengths.length]);
    y.data.set(lengths);
    return y;
  };
};

const sizeOf: KernelFactory = () => (inputs, allocate) => {
  const y = allocate("int64", []);
  y.data[0] = need(inputs, 0).data.length;
  return y;
};

/** The numbers of an attribute, in one of five. */
const constant: KernelFactory = (node) => {
  const { value, value_float, value_floats, value_int, value_ints } = node.attributes;
  const given = value ?? value_float ?? value_floats ?? value_int ?? value_ints;
  if (given?.kind === "tensor") return () => given.value;
  if (given?.kind === "float" || given?.kind === "floats") {
    const data = Float32Array.from([given.value].flat());
    const shape = given.kind === "float" ? [] : [data.length];
    return () => ({ dtype: "float32", shape, data });
  }
  if (given?.kind === "int" || given?.kind === "ints") {
    const data = Float64Array.from([given.value].flat());
    const shape = given.kind === "int" ? [] : [data.length];
    return () => ({ dtype: "int64", shape, data });
  }
  return unsupported("a Constant must hold numbers");
};

const reshape: KernelFactory = (node) => {
  const zeroKeeps = intAttribute(node, "allowzero", 0) === 0;
  return (inputs) => {
    const x = need(inputs, 0);
    const dims = integers(need(inputs, 1)).map((dim, axis) =>
      dim === 0 && zeroKeeps ? (x.shape[axis] ?? 0) : dim,
    );
    const known = countOf(dims.filter((dim) => dim !== -1));
    const shape = dims.map((dim) => (dim === -1 ? (known === 0 ? 0 : x.data.length / known) : dim));
    if (countOf(shape) !== x.data.length || !shape.every((dim) => Number.isInteger(dim) && dim >= 0)) {
      return unsupported(`[${x.shape}] must have as many elements as [${dims}]`);
    }
    return { ...x, shape: integerShape(shape) };
  };
};

const unsqueeze: KernelFactory = () => (inputs) => {
  const x = need(inputs, 0);
  const axes = integers(need(inputs, 1));
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  const rest = [...x.shape];
  return { ...x, shape: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)) };
};

const squeeze: KernelFactory = () => (inputs) => {
  const x = need(inputs, 0);
  const given = inputs[1] === undefined ? undefined : integers(inputs[1]);
  const ones = [...x.shape.keys()].filter((axis) => x.shape[axis] === 1);
  const axes = new Set((given ?? ones).map((axis) => axisOf(axis, x.shape.length)));
  if ([...axes].some((axis) => x.shape[axis] !== 1))
    return unsupported(`[${x.shape}] must have length 1 to be squeezed`);
  return { ...x, shape: x.shape.filter((_, axis) => !axes.has(axis)) };
};

const constantOfShape: KernelFactory = (node) => {
  const { value } = node.attributes;
  if (value !== undefined && value.kind !== "tensor") return unsupported("ConstantOfShape needs a tensor");
  return (inputs, allocate) => {
    const y = allocate(value?.value.dtype ?? "float32", integers(need(inputs, 0)));
    y.data.fill(value?.value.data[0] ?? 0);
    return y;
  };
};

/** Steps of each axis in the numbers of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => countOf(shape.slice(axis + 1)));
}

const transpose: KernelFactory = (node) => {
  const attribute = node.attributes["perm"];
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const axes = x.shape.map((_, axis) => axis);
    const permutation = attribute?.kind === "ints" ? attribute.value : axes.reverse();
    if (
      [...permutation].sort((a, b) => a - b).some((axis, place) => axis !== place) ||
      permutation.length !== axes.length
    ) {
      return unsupported(`[${permutation}] must name every axis of [${x.shape}] once`);
    }
    const from = stridesOf(x.shape);
    const y = allocate(
      x.dtype,
      permutation.map((axis) => x.shape[axis]!),
    );
    const strides = permutation.map((axis) => from[axis]!);
    const n = y.shape.at(-1) ?? 1;
    const step = strides.at(-1) ?? 0;
    eachRow(y.shape, [strides], ([at], row) => {
      for (let i = 0; i < n; i++) y.data[row * n + i] = x.data[at! + i * step]!;
    });
    return y;
  };
};

/** Copies blocks: `count` runs of `length` numbers, `fromStep` and `toStep` apart. */
function copyRuns(
  from: Numbers,
  to: Numbers,
  runs: { count: number; length: number; fromAt: number; fromStep: number; toAt: number; toStep: number },
): void {
  for (let run = 0; run < runs.count; run++) {
    const start = runs.fromAt + run * runs.fromStep;
    to.set(from.subarray(start, start + runs.length), runs.toAt + run * runs.toStep);
  }
}

const concat: KernelFactory = (node) => {
  const attribute = intAttribute(node, "axis", 0);
  return (inputs, allocate) => {
    const all = inputs.map((_, place) => need(inputs, place));
    const first = need(inputs, 0);
    const axis = axisOf(attribute, first.shape.length);
    const total = all.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
    const shape = first.shape.map((dim, index) => (index === axis ? total : dim));
    for (const part of all) {
      if (
        part.shape.length !== shape.length ||
        part.shape.some((dim, at) => at !== axis && dim !== shape[at])
      ) {
        return unsupported(`[${part.shape}] and [${first.shape}] must be equal but for axis ${axis}`);
      }
    }
    const y = allocate(first.dtype, shape);
    const inner = countOf(shape.slice(axis + 1));
    const count = countOf(shape.slice(0, axis));
    let toAt = 0;
    for (const part of all) {
      const length = part.shape[axis]! * inner;
      copyRuns(part.data, y.data, {
        count,
        length,
        fromAt: 0,
        fromStep: length,
        toAt,
        toStep: total * inner,
      });
      toAt += length;
    }
    return y;
  };
};

/** A matrix: the axes before `axis`, and those from it on. */
const flatten: KernelFactory = (node) => {
  const axis = intAttribute(node, "axis", 1);
  return (inputs) => {
    const x = need(inputs, 0);
    const rank = x.shape.length;
    const at = axis === rank ? rank : axisOf(axis, Math.max(1, rank));
    return { ...x, shape: [countOf(x.shape.slice(0, at)), countOf(x.shape.slice(at))] };
  };
};

/** Kernels of shapes. */
export const shapeKernels: Readonly<Record<string, KernelFactory>> = {
  Identity: identity,
  Dropout: dropout,
  Constant: constant,
  Shape: shapeOf,
  Size: sizeOf,
  Flatten: flatten,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  ConstantOfShape: constantOfShape,
  Transpose: transpose,
  Concat: concat,
};
