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

const shapeOf: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const y = allocate("int64", [x.shape.length]);
  y.data.set(x.shape);
  return y;
};

const reshape: KernelFactory = () => (inputs) => {
  const x = need(inputs, 0);
  const dims = integers(need(inputs, 1)).map((dim, axis) => (dim === 0 ? (x.shape[axis] ?? 0) : dim));
  const known = countOf(dims.filter((dim) => dim !== -1));
  const shape = dims.map((dim) => (dim === -1 ? x.data.length / known : dim));
  if (countOf(shape) !== x.data.length || !shape.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    return unsupported(`[${x.shape}] must have as many elements as [${dims}]`);
  }
  return { ...x, shape: integerShape(shape) };
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
  const axes = new Set(integers(need(inputs, 1)).map((axis) => axisOf(axis, x.shape.length)));
  if ([...axes].some((axis) => x.shape[axis] !== 1))
    return unsupported(`[${x.shape}] must have length 1 to be squeezed`);
  return { ...x, shape: x.shape.filter((_, axis) => !axes.has(axis)) };
};

const constantOfShape: KernelFactory = (node) => {
  const value = node.attributes["value"];
  if (value?.kind !== "tensor") return unsupported("ConstantOfShape needs a value");
  return (inputs, allocate) => {
    const y = allocate(value.value.dtype, integers(need(inputs, 0)));
    y.data.fill(value.value.data[0] ?? 0);
    return y;
  };
};

function stridesOf(shape: readonly number[]): number[] {
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

const slice: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const [starts, ends, axes] = [1, 2, 3].map((place) => integers(need(inputs, place)));
  if (starts!.length !== 1 || inputs.length > 4)
    return unsupported("Slice must be along one axis, in steps of 1");
  const axis = axisOf(axes![0] ?? 0, x.shape.length);
  const length = x.shape[axis]!;
  const within = (at: number): number => Math.min(length, Math.max(0, at < 0 ? at + length : at));
  const start = within(starts![0]!);
  const size = Math.max(0, within(ends![0] ?? 0) - start);
  const y = allocate(
    x.dtype,
    x.shape.map((dim, index) => (index === axis ? size : dim)),
  );
  const inner = countOf(x.shape.slice(axis + 1));
  const run = {
    length: size * inner,
    fromAt: start * inner,
    fromStep: length * inner,
    toAt: 0,
    toStep: size * inner,
  };
  copyRuns(x.data, y.data, { ...run, count: countOf(x.shape.slice(0, axis)) });
  return y;
};

const pad: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const amounts = integers(need(inputs, 1));
  const rank = x.shape.length;
  if (amounts.length !== rank * 2 || amounts.some((amount) => amount < 0)) return unsupported("Pad must add");
  const y = allocate(
    x.dtype,
    x.shape.map((dim, axis) => dim + amounts[axis]! + amounts[rank + axis]!),
  );
  y.data.fill(0);
  const strides = stridesOf(y.shape);
  const n = x.shape.at(-1) ?? 1;
  const start = strides.reduce((sum, step, axis) => sum + step * amounts[axis]!, 0);
  eachRow(x.shape, [strides], ([at], row) => {
    y.data.set(x.data.subarray(row * n, row * n + n), start + at!);
  });
  return y;
};

/** Kernels of shapes. */
export const shapeKernels: Readonly<Record<string, KernelFactory>> = {
  Identity: identity,
  Shape: shapeOf,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  ConstantOfShape: constantOfShape,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Pad: pad,
};
