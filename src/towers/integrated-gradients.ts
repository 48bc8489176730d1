import type { Session, Tensor, Tensors } from "../onnx/mod.ts";

/** What is integrated: the way from nobody to a viewer, for each item. */
export interface Way {
  /** What goes from 0 to this. */
  readonly sums: Readonly<Record<string, Float32Array>>;
  /** What stays as it is, for so many rows. */
  readonly fixed: (rows: number) => Readonly<Record<string, Tensor>>;
  /** Served vectors of the items. */
  readonly vectors: readonly Float32Array[];
  /** Stretches that the way is cut into: doubled from the first to the last while more than {@link residualBound} is left over. */
  readonly stretches: { readonly first: number; readonly last: number };
  /** Bounds the memory of a run. */
  readonly rowsAtOnce: number;
}

/** What {@link integrate} finds of one item; the terms as in `ScoreParts`. */
export interface Integrated {
  readonly score: number;
  readonly baseline: number;
  readonly popularity: number;
  readonly residual: number;
  /** By input: times its sum, they and the other terms add up to the score. */
  readonly gradients: Readonly<Record<string, Float64Array>>;
}

/** Scores lie between -1 and 1; what is left over of one by no more than this matters to no reader. */
export const residualBound = 1e-3;

/**
 * Integrates the gradient of scores along a way.
 *
 * By stretch of the way the trapezoid rule is taken, and what it leaves over of how much the stretch moved the score is shared
 * out among the parts by their size, so that they add up however few stretches there are.
 *
 * @param session Of a graph that reads `direction`, the sums and what is fixed, a row each, and gives the output `along` the
 * direction, its `length` and the gradient of the former `by_…` each sum.
 * @param way Where from and to.
 * @returns One result for each item.
 */
export async function integrate(session: Session, way: Way): Promise<readonly Integrated[]> {
  const { first, last } = way.stretches;
  for (let stretches = first; ; stretches *= 2) {
    const found = await integrateBy(stretches, session, way);
    if (stretches >= last || found.every(({ residual }) => Math.abs(residual) <= residualBound)) return found;
  }
}

async function integrateBy(
  stretches: number,
  session: Session,
  { sums, fixed, vectors, rowsAtOnce }: Way,
): Promise<readonly Integrated[]> {
  const alphas = Array.from({ length: stretches + 1 }, (_, k) => k / stretches);
  const rows = vectors.length * alphas.length;
  const inputs: Record<string, Tensor> = { ...fixed(rows) };
  const matrix = (width: number, row: (item: number, alpha: number) => Float32Array): Tensor => {
    const data = new Float32Array(rows * width);
    for (let item = 0; item < vectors.length; item++) {
      for (const [a, alpha] of alphas.entries())
        data.set(row(item, alpha), (item * alphas.length + a) * width);
    }
    return { dtype: "float32", shape: [rows, width], data };
  };
  const read = Object.entries(sums).filter(([name]) => session.inputNames.includes(name));
  for (const [name, sum] of read) {
    inputs[name] = matrix(sum.length, (_, alpha) => sum.map((x) => x * alpha));
  }
  // The served item is [v, c, slack] / M and the viewer [u, 1, 0] / √2: the first part of it is v / M.
  const inner = vectors[0]!.length - 2;
  inputs["direction"] = matrix(inner, (item) => vectors[item]!.subarray(0, inner));
  const outputs = await runRows(session, inputs, rowsAtOnce);
  const along = outputs["along"]!.data;
  return vectors.map((vector, item) => {
    const start = item * alphas.length;
    const end = start + stretches;
    const scale = Math.SQRT1_2 / Math.max(outputs["length"]!.data[end]!, 1e-6);
    const popularity = vector[inner]! * Math.SQRT1_2;
    const terms = read.map(([name, sum]) => {
      const { data } = outputs[`by_${name}`]!;
      return { name, sum, data, slope: new Float64Array(sum.length), mean: new Float64Array(sum.length) };
    });
    let residual = 0;
    for (let row = start; row < end; row++) {
      const moved = (along[row + 1]! - along[row]!) * scale;
      residual += addStretch(terms, { row, moved, scale: scale / stretches });
    }
    return {
      score: along[end]! * scale + popularity,
      baseline: along[start]! * scale,
      popularity,
      residual,
      gradients: Object.fromEntries(terms.map(({ name, mean }) => [name, mean])),
    };
  });
}

interface Term {
  readonly sum: Float32Array;
  /** Gradients, a row each. */
  readonly data: Float32Array | Int32Array;
  /** Room for those of one stretch. */
  readonly slope: Float64Array;
  readonly mean: Float64Array;
}

/** Adds the gradients of the stretch between two rows to their means; what the rule left over of what it moved. */
function addStretch(
  terms: readonly Term[],
  { row, moved, scale }: { readonly row: number; readonly moved: number; readonly scale: number },
): number {
  let total = 0;
  let size = 0;
  for (const { sum, data, slope } of terms) {
    const from = row * sum.length;
    for (const [i, x] of sum.entries()) {
      slope[i] = ((data[from + i]! + data[from + sum.length + i]!) / 2) * scale;
      total += slope[i]! * x;
      size += Math.abs(slope[i]! * x);
    }
  }
  const over = moved - total;
  const share = size > 0 ? over / size : 0;
  for (const { sum, slope, mean } of terms) {
    for (const [i, x] of sum.entries()) mean[i]! += slope[i]! * (1 + Math.sign(slope[i]! * x) * share);
  }
  return over;
}

/** Runs a graph whose inputs and outputs have a row each, so many rows at once. */
async function runRows(session: Session, inputs: Record<string, Tensor>, atOnce: number): Promise<Tensors> {
  const rows = inputs["direction"]!.shape[0]!;
  if (rows <= atOnce) return session.run(inputs);
  const outputs: Record<string, Tensor> = {};
  for (let from = 0; from < rows; from += atOnce) {
    const to = Math.min(rows, from + atOnce);
    const some: Record<string, Tensor> = {};
    for (const [name, { dtype, shape, data }] of Object.entries(inputs)) {
      const width = data.length / rows;
      const own = { shape: [to - from, ...shape.slice(1)], data: data.subarray(from * width, to * width) };
      some[name] = { dtype, ...own } as Tensor;
    }
    for (const [name, { shape, data }] of Object.entries(await session.run(some))) {
      const width = data.length / (to - from);
      const all = { shape: [rows, ...shape.slice(1)], data: new Float32Array(rows * width) };
      outputs[name] ??= { dtype: "float32", ...all };
      outputs[name].data.set(data, from * width);
    }
  }
  return outputs;
}
