import {
  type Allocate,
  axisOf,
  broadcast,
  broadcastStrides,
  countOf,
  eachRow,
  floatAttribute,
  intAttribute,
  type KernelFactory,
  type Numbers,
  need,
  unsupported,
} from "./kernel.ts";
import type { OnnxTensor } from "./model.ts";

interface Product {
  readonly a: Numbers;
  readonly aAt: number;
  readonly b: Numbers;
  readonly bAt: number;
  readonly y: Numbers;
  readonly yAt: number;
  /** y is [m, n]; k is the length of the sums. */
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface RowBlock {
  readonly a: Numbers;
  /** Where the first factor lies, and how far apart the others. */
  readonly aAt: number;
  readonly aStep: number;
  readonly b: Numbers;
  readonly bAt: number;
  readonly y: Numbers;
  readonly yAt: number;
  readonly n: number;
}

/** A row of y += eight rows of B, each times its factor: one pass over y for eight over B. */
function addEightRows({ a, aAt, aStep, b, bAt, y, yAt, n }: RowBlock): void {
  const a0 = a[aAt]!;
  const a1 = a[aAt + aStep]!;
  const a2 = a[aAt + 2 * aStep]!;
  const a3 = a[aAt + 3 * aStep]!;
  const a4 = a[aAt + 4 * aStep]!;
  const a5 = a[aAt + 5 * aStep]!;
  const a6 = a[aAt + 6 * aStep]!;
  const a7 = a[aAt + 7 * aStep]!;
  const b1 = bAt + n;
  const b2 = b1 + n;
  const b3 = b2 + n;
  const b4 = b3 + n;
  const b5 = b4 + n;
  const b6 = b5 + n;
  const b7 = b6 + n;
  for (let j = 0; j < n; j++) {
    y[yAt + j]! +=
      a0 * b[bAt + j]! +
      a1 * b[b1 + j]! +
      a2 * b[b2 + j]! +
      a3 * b[b3 + j]! +
      a4 * b[b4 + j]! +
      a5 * b[b5 + j]! +
      a6 * b[b6 + j]! +
      a7 * b[b7 + j]!;
  }
}

function addOneRow({ a, aAt, b, bAt, y, yAt, n }: RowBlock): void {
  const a0 = a[aAt]!;
  for (let j = 0; j < n; j++) y[yAt + j]! += a0 * b[bAt + j]!;
}

/**
 * y += A B where B lies row by row. Eight rows of B at a time go to every row of y while they are in the cache. The loop
 * over columns is a function of its own: V8 compiles it well on its first runs, before the loops around it.
 */
function addRows({ a, aAt, b, bAt, y, yAt, m, k, n, transposeA }: Product): void {
  const [rowStep, aStep] = transposeA ? [1, m] : [k, 1];
  const whole = k - (k % 8);
  for (let i = 0; i < whole; i += 8) {
    for (let row = 0; row < m; row++) {
      const from = aAt + row * rowStep + i * aStep;
      addEightRows({ a, aAt: from, aStep, b, bAt: bAt + i * n, y, yAt: yAt + row * n, n });
    }
  }
  for (let i = whole; i < k; i++) {
    for (let row = 0; row < m; row++) {
      const from = aAt + row * rowStep + i * aStep;
      addOneRow({ a, aAt: from, aStep, b, bAt: bAt + i * n, y, yAt: yAt + row * n, n });
    }
  }
}

/** The product of a row of A (steps apart) and a row of B, in four sums. */
function dot({ a, aAt, aStep, b, bAt, n }: Omit<RowBlock, "y" | "yAt">): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[aAt + i * aStep]! * b[bAt + i]!;
    s1 += a[aAt + (i + 1) * aStep]! * b[bAt + i + 1]!;
    s2 += a[aAt + (i + 2) * aStep]! * b[bAt + i + 2]!;
    s3 += a[aAt + (i + 3) * aStep]! * b[bAt + i + 3]!;
  }
  for (; i < n; i++) s0 += a[aAt + i * aStep]! * b[bAt + i]!;
  return s0 + s1 + s2 + s3;
}

/** y += A Bᵀ: both are read along their rows. */
function addDots({ a, aAt, b, bAt, y, yAt, m, k, n, transposeA }: Product): void {
  const [rowStep, aStep] = transposeA ? [1, m] : [k, 1];
  for (let row = 0; row < m; row++) {
    const from = aAt + row * rowStep;
    for (let column = 0; column < n; column++) {
      y[yAt + row * n + column]! += dot({ a, aAt: from, aStep, b, bAt: bAt + column * k, n: k });
    }
  }
}

const multiply = (product: Product): void => (product.transposeB ? addDots(product) : addRows(product));

const gemm: KernelFactory = (node) => {
  const transposeA = intAttribute(node, "transA", 0) !== 0;
  const transposeB = intAttribute(node, "transB", 0) !== 0;
  const alpha = floatAttribute(node, "alpha", 1);
  const beta = floatAttribute(node, "beta", 1);
  return (inputs, allocate) => {
    const a = need(inputs, 0);
    const b = need(inputs, 1);
    const bias = inputs[2];
    if (a.shape.length !== 2 || b.shape.length !== 2) return unsupported("a Gemm must be of matrices");
    const [m, k] = (transposeA ? [a.shape[1], a.shape[0]] : a.shape) as [number, number];
    const [depth, n] = (transposeB ? [b.shape[1], b.shape[0]] : b.shape) as [number, number];
    if (k !== depth) return unsupported(`the inner axes of [${a.shape}] and [${b.shape}] must be equal`);
    const y = allocate(a.dtype, [m, n]);
    const product = {
      a: a.data,
      aAt: 0,
      b: b.data,
      bAt: 0,
      y: y.data,
      yAt: 0,
      m,
      k,
      n,
      transposeA,
      transposeB,
    };
    y.data.fill(0);
    if (bias !== undefined && alpha === 1) addScaled(y, bias, beta);
    multiply(product);
    if (alpha === 1) return y;
    for (let i = 0; i < y.data.length; i++) y.data[i]! *= alpha;
    if (bias !== undefined) addScaled(y, bias, beta);
    return y;
  };
};

/** y += β C, of which rows or columns may repeat. */
function addScaled(y: OnnxTensor, c: OnnxTensor, beta: number): void {
  const [m, n] = y.shape as [number, number];
  const [rowStep, step] = broadcastStrides(c.shape, broadcast(c.shape, y.shape)) as [number, number];
  for (let row = 0; row < m; row++) {
    for (let j = 0; j < n; j++) y.data[row * n + j]! += beta * c.data[row * rowStep + j * step]!;
  }
}

/** A vector is a matrix of one row (left) or one column (right), and the product has no such axis. */
const matMul: KernelFactory = () => (inputs, allocate) => {
  const [left, right] = [need(inputs, 0), need(inputs, 1)];
  if (left.shape.length === 0 || right.shape.length === 0) return unsupported("a MatMul must be of matrices");
  const a = left.shape.length > 1 ? left : { ...left, shape: [1, left.shape[0]!] };
  const b = right.shape.length > 1 ? right : { ...right, shape: [right.shape[0]!, 1] };
  const y = multiplyMatrices(a, b, allocate);
  if (a === left && b === right) return y;
  const shape = y.shape.filter((_, axis) => {
    const fromEnd = y.shape.length - axis;
    return !(fromEnd === 1 && b !== right) && !(fromEnd === 2 && a !== left);
  });
  return { ...y, shape };
};

function multiplyMatrices(a: OnnxTensor, b: OnnxTensor, allocate: Allocate): OnnxTensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [depth, n] = b.shape.slice(-2) as [number, number];
  if (k !== depth) return unsupported(`the inner axes of [${a.shape}] and [${b.shape}] must be equal`);
  const outer = [a.shape.slice(0, -2), b.shape.slice(0, -2)] as const;
  const batches = broadcast(outer[0], outer[1]);
  const y = allocate(a.dtype, [...batches, m, n]);
  y.data.fill(0);
  // One more axis of length 1, so that every batch is one row of the walk.
  const strides = outer.map((shape) => [...broadcastStrides(shape, batches), 0]);
  eachRow([...batches, 1], strides, ([aBatch, bBatch], batch) => {
    const [aAt, bAt, yAt] = [aBatch! * m * k, bBatch! * k * n, batch * m * n];
    multiply({
      a: a.data,
      aAt,
      b: b.data,
      bAt,
      y: y.data,
      yAt,
      m,
      k,
      n,
      transposeA: false,
      transposeB: false,
    });
  });
  return y;
}

/** y = Σ over ScatterND's "add": updates are added to slices of a copy of the data. */
const scatterNd: KernelFactory = (node) => {
  const reduction = node.attributes["reduction"];
  if (reduction?.kind !== "string" || reduction.value !== "add") return unsupported("ScatterND must add");
  return (inputs, allocate) => {
    const x = need(inputs, 0);
    const places = need(inputs, 1);
    const updates = need(inputs, 2);
    const depth = places.shape.at(-1) ?? 0;
    if (depth !== 1 || x.shape.length < 1) return unsupported("ScatterND must name rows");
    const width = countOf(x.shape.slice(1));
    const y = allocate(x.dtype, x.shape);
    y.data.set(x.data);
    if (updates.data.length !== places.data.length * width)
      return unsupported("ScatterND needs one row for every place");
    for (let row = 0; row < places.data.length; row++) {
      const place = rowPlace(places.data[row]!, x.shape[0]!);
      for (let j = 0; j < width; j++) y.data[place * width + j]! += updates.data[row * width + j]!;
    }
    return y;
  };
};

/** A row of a table; negative ones count from the end, as ONNX has it. */
function rowPlace(index: number, rows: number): number {
  const place = index < 0 ? index + rows : index;
  if (!(place >= 0 && place < rows)) {
    throw new RangeError(`Cannot read a row as it must be one of ${rows}: current value is ${index}`);
  }
  return place;
}

const gather: KernelFactory = (node) => {
  const attribute = intAttribute(node, "axis", 0);
  return (inputs, allocate) => {
    const table = need(inputs, 0);
    const indices = need(inputs, 1);
    const axis = axisOf(attribute, table.shape.length);
    const rows = table.shape[axis]!;
    const width = countOf(table.shape.slice(axis + 1));
    const outer = countOf(table.shape.slice(0, axis));
    const y = allocate(table.dtype, [
      ...table.shape.slice(0, axis),
      ...indices.shape,
      ...table.shape.slice(axis + 1),
    ]);
    const count = indices.data.length;
    for (let o = 0; o < outer; o++) {
      for (let row = 0; row < count; row++) {
        const from = (o * rows + rowPlace(indices.data[row]!, rows)) * width;
        const to = (o * count + row) * width;
        for (let j = 0; j < width; j++) y.data[to + j] = table.data[from + j]!;
      }
    }
    return y;
  };
};

/** Kernels of products and of rows by index. */
export const matrixKernels: Readonly<Record<string, KernelFactory>> = {
  Gemm: gemm,
  MatMul: matMul,
  Gather: gather,
  ScatterND: scatterNd,
};
