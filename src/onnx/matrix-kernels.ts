import {
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

/** y += A B where B lies row by row: for every row of A, rows of B are added to a row of y, four at a time. */
function addRows({ a, aAt, b, bAt, y, yAt, m, k, n, transposeA }: Product): void {
  const [rowStep, step] = transposeA ? [1, m] : [k, 1];
  for (let row = 0; row < m; row++) {
    const out = yAt + row * n;
    const from = aAt + row * rowStep;
    let i = 0;
    for (; i + 3 < k; i += 4) {
      const a0 = a[from + i * step]!;
      const a1 = a[from + (i + 1) * step]!;
      const a2 = a[from + (i + 2) * step]!;
      const a3 = a[from + (i + 3) * step]!;
      const b0 = bAt + i * n;
      const b1 = b0 + n;
      const b2 = b1 + n;
      const b3 = b2 + n;
      for (let j = 0; j < n; j++) {
        y[out + j]! += a0 * b[b0 + j]! + a1 * b[b1 + j]! + a2 * b[b2 + j]! + a3 * b[b3 + j]!;
      }
    }
    for (; i < k; i++) {
      const a0 = a[from + i * step]!;
      for (let j = 0; j < n; j++) y[out + j]! += a0 * b[bAt + i * n + j]!;
    }
  }
}

/** y += A Bᵀ: both are read along their rows, four sums at a time. */
function addDots({ a, aAt, b, bAt, y, yAt, m, k, n, transposeA }: Product): void {
  const [rowStep, step] = transposeA ? [1, m] : [k, 1];
  for (let row = 0; row < m; row++) {
    const from = aAt + row * rowStep;
    for (let column = 0; column < n; column++) {
      const other = bAt + column * k;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let i = 0;
      for (; i + 3 < k; i += 4) {
        s0 += a[from + i * step]! * b[other + i]!;
        s1 += a[from + (i + 1) * step]! * b[other + i + 1]!;
        s2 += a[from + (i + 2) * step]! * b[other + i + 2]!;
        s3 += a[from + (i + 3) * step]! * b[other + i + 3]!;
      }
      for (; i < k; i++) s0 += a[from + i * step]! * b[other + i]!;
      y[yAt + row * n + column]! += s0 + s1 + s2 + s3;
    }
  }
}

const multiply = (product: Product): void => (product.transposeB ? addDots(product) : addRows(product));

const gemm: KernelFactory = (node) => {
  const transposeA = intAttribute(node, "transA", 0) !== 0;
  const transposeB = intAttribute(node, "transB", 0) !== 0;
  if (floatAttribute(node, "alpha", 1) !== 1 || floatAttribute(node, "beta", 1) !== 1) {
    return unsupported("alpha and beta of a Gemm must be 1");
  }
  return (inputs, allocate) => {
    const a = need(inputs, 0);
    const b = need(inputs, 1);
    const bias = inputs[2];
    if (a.shape.length !== 2 || b.shape.length !== 2) return unsupported("a Gemm must be of matrices");
    const [m, k] = (transposeA ? [a.shape[1], a.shape[0]] : a.shape) as [number, number];
    const [depth, n] = (transposeB ? [b.shape[1], b.shape[0]] : b.shape) as [number, number];
    if (k !== depth) return unsupported(`the inner axes of [${a.shape}] and [${b.shape}] must be equal`);
    const y = allocate(a.dtype, [m, n]);
    if (bias === undefined) y.data.fill(0);
    else {
      const [rowStep, step] = broadcastStrides(bias.shape, broadcast(bias.shape, [m, n])) as [number, number];
      for (let row = 0; row < m; row++) {
        for (let j = 0; j < n; j++) y.data[row * n + j] = bias.data[row * rowStep + j * step]!;
      }
    }
    multiply({ a: a.data, aAt: 0, b: b.data, bAt: 0, y: y.data, yAt: 0, m, k, n, transposeA, transposeB });
    return y;
  };
};

const matMul: KernelFactory = () => (inputs, allocate) => {
  const a = need(inputs, 0);
  const b = need(inputs, 1);
  if (a.shape.length < 2 || b.shape.length < 2) return unsupported("a MatMul must be of matrices");
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
};

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
  if (intAttribute(node, "axis", 0) !== 0) return unsupported("Gather must be along the first axis");
  return (inputs, allocate) => {
    const table = need(inputs, 0);
    const indices = need(inputs, 1);
    const width = countOf(table.shape.slice(1));
    const y = allocate(table.dtype, [...indices.shape, ...table.shape.slice(1)]);
    for (let row = 0; row < indices.data.length; row++) {
      const place = rowPlace(indices.data[row]!, table.shape[0] ?? 0);
      for (let j = 0; j < width; j++) y.data[row * width + j] = table.data[place * width + j]!;
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
