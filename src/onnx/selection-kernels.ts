import {
  axisOf,
  countOf,
  eachRow,
  intAttribute,
  type KernelFactory,
  need,
  stringAttribute,
  unsupported,
} from "./kernel.ts";
import type { OnnxTensor } from "./model.ts";
import { stridesOf } from "./shape-kernels.ts";

const integers = (tensor: OnnxTensor): number[] => Array.from(tensor.data);

/** Which elements of an axis a slice takes: `size` of them, `step` apart. */
function sliceOf(
  length: number,
  { start, end, step }: { start: number; end: number; step: number },
): { start: number; size: number } {
  if (!Number.isInteger(step) || step === 0)
    return unsupported("a step of Slice must be a whole number but 0");
  // Going down, the place before the first element is -1.
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const within = (at: number): number => Math.min(most, Math.max(least, at < 0 ? at + length : at));
  const from = within(start);
  return { start: from, size: Math.max(0, Math.ceil((within(end) - from) / step)) };
}

const slice: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const starts = integers(need(inputs, 1));
  const ends = integers(need(inputs, 2));
  const axes = inputs[3] === undefined ? [...starts.keys()] : integers(inputs[3]);
  const steps = inputs[4] === undefined ? starts.map(() => 1) : integers(inputs[4]);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length))
    return unsupported("Slice must have as many ends, axes and steps as starts");
  const shape = [...x.shape];
  const strides = stridesOf(x.shape);
  let base = 0;
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(given, x.shape.length);
    const step = steps[i]!;
    const { start, size } = sliceOf(x.shape[axis]!, { start: starts[i]!, end: ends[i]!, step });
    base += start * strides[axis]!;
    shape[axis] = size;
    strides[axis]! *= step;
  }
  const y = allocate(x.dtype, shape);
  if (y.data.length === 0) return y;
  const n = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  eachRow(y.shape, [strides], ([at], row) => {
    const from = base + at!;
    if (step === 1) y.data.set(x.data.subarray(from, from + n), row * n);
    else for (let i = 0; i < n; i++) y.data[row * n + i] = x.data[from + i * step]!;
  });
  return y;
};

const pad: KernelFactory = (node) => {
  const mode = stringAttribute(node, "mode", "constant");
  if (mode !== "constant") return unsupported(`Pad must be by a constant: ${mode}`);
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const rank = x.shape.length;
    const given = integers(need(inputs, 1));
    const axes = inputs[3] === undefined ? [...x.shape.keys()] : integers(inputs[3]);
    const [before, after] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
    for (const [i, axis] of axes.entries()) {
      before[axisOf(axis, rank)] = given[i] ?? -1;
      after[axisOf(axis, rank)] = given[axes.length + i] ?? -1;
    }
    if (given.length !== axes.length * 2 || [...before, ...after].some((amount) => amount < 0))
      return unsupported("Pad must add");
    const y = allocate(
      x.dtype,
      x.shape.map((dim, axis) => dim + before[axis]! + after[axis]!),
    );
    y.data.fill(inputs[2]?.data[0] ?? 0);
    const strides = stridesOf(y.shape);
    const n = x.shape.at(-1) ?? 1;
    const start = strides.reduce((sum, step, axis) => sum + step * before[axis]!, 0);
    eachRow(x.shape, [strides], ([at], row) => {
      y.data.set(x.data.subarray(row * n, row * n + n), start + at!);
    });
    return y;
  };
};

/** One part of an axis: `num_outputs` equal ones, the last what is left, or as long as the second input says. */
const split: KernelFactory = (node) => {
  const attribute = intAttribute(node, "axis", 0);
  const part = intAttribute(node, "part", 0);
  const parts = intAttribute(node, "num_outputs", 1);
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const axis = axisOf(attribute, x.shape.length);
    const length = x.shape[axis]!;
    const equal = Math.ceil(length / parts);
    const sizes = inputs[1] === undefined ? undefined : integers(inputs[1]);
    if (sizes !== undefined && (sizes.length !== parts || sizes.some((size) => !(size >= 0))))
      return unsupported(`Split must have ${parts} lengths: current value is [${sizes}]`);
    const start =
      sizes?.slice(0, part).reduce((sum, size) => sum + size, 0) ?? Math.min(length, part * equal);
    const size = sizes?.[part] ?? Math.min(equal, length - start);
    if (start + size > length)
      return unsupported(`the parts of Split must make up ${length}: current value is [${sizes}]`);
    const y = allocate(x.dtype, x.shape.toSpliced(axis, 1, size));
    const inner = countOf(x.shape.slice(axis + 1));
    const outer = countOf(x.shape.slice(0, axis));
    for (let o = 0; o < outer; o++) {
      const from = (o * length + start) * inner;
      y.data.set(x.data.subarray(from, from + size * inner), o * size * inner);
    }
    return y;
  };
};

/** y[i] = x[i mod length] along each axis. */
const tile: KernelFactory = () => (inputs, allocate) => {
  const x = need(inputs, 0);
  const repeats = integers(need(inputs, 1));
  if (repeats.length !== x.shape.length || repeats.some((times) => !(times >= 0)))
    return unsupported(`Tile must repeat each of ${x.shape.length} axes: current value is [${repeats}]`);
  const y = allocate(
    x.dtype,
    x.shape.map((dim, axis) => dim * repeats[axis]!),
  );
  const [from, to] = [stridesOf(x.shape), stridesOf(y.shape)];
  for (let i = 0; i < y.data.length; i++) {
    let at = 0;
    for (const [axis, length] of x.shape.entries()) at += (Math.floor(i / to[axis]!) % length) * from[axis]!;
    y.data[i] = x.data[at]!;
  }
  return y;
};

/** [off, …, on at the index, …, off] along a new axis. */
const oneHot: KernelFactory = (node) => {
  const axis = intAttribute(node, "axis", -1);
  return (inputs, allocate) => {
    const indices = need(inputs, 0);
    const depth = need(inputs, 1).data[0] ?? 0;
    const values = need(inputs, 2);
    const at = axisOf(axis, indices.shape.length + 1);
    const y = allocate(values.dtype, [...indices.shape.slice(0, at), depth, ...indices.shape.slice(at)]);
    y.data.fill(values.data[0]!);
    const inner = countOf(indices.shape.slice(at));
    for (let i = 0; i < indices.data.length; i++) {
      const index = indices.data[i]!;
      const place = index < 0 ? index + depth : index;
      // What lies outside is all off.
      if (place >= 0 && place < depth)
        y.data[(Math.floor(i / inner) * depth + place) * inner + (i % inner)] = values.data[1]!;
    }
    return y;
  };
};

/** start, start + step, … up to but not the limit. */
const range: KernelFactory = () => (inputs, allocate) => {
  const [start, limit, step] = [0, 1, 2].map((place) => need(inputs, place).data[0] ?? 0) as [
    number,
    number,
    number,
  ];
  const y = allocate(need(inputs, 0).dtype, [Math.max(0, Math.ceil((limit - start) / step)) || 0]);
  for (let i = 0; i < y.data.length; i++) y.data[i] = start + i * step;
  return y;
};

/** Kernels of what takes some elements, or some more than once. */
export const selectionKernels: Readonly<Record<string, KernelFactory>> = {
  Slice: slice,
  Split: split,
  Pad: pad,
  Tile: tile,
  OneHot: oneHot,
  Range: range,
};
