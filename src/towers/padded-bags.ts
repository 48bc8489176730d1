import type { Csr } from "../base/mod.ts";
import type { EncodedRows, RowLayout, SequenceRows } from "../features/mod.ts";
import type { Tensor } from "../onnx/mod.ts";

/** Rows that are embedded in one run, and how much memory the run takes. */
export interface ChunkOptions {
  /** @default 1024 */
  readonly maxRows?: number;
  /** Largest rows × padded length over all bags: it bounds the gathered vectors. @default 32768 */
  readonly maxEntries?: number;
}

/**
 * Cuts rows into chunks of similar length, so that padding costs little and memory stays bounded.
 *
 * @param encoded The rows.
 * @param options Bounds.
 * @returns Row numbers by chunk; together every row once.
 */
export function chunkRows(encoded: EncodedRows, options: ChunkOptions = {}): readonly Int32Array[] {
  const { maxRows = 1024, maxEntries = 32_768 } = options;
  const bags = Object.values(encoded.bags);
  const lists = encoded.sequence === undefined ? bags : [...bags, encoded.sequence];
  const longest = (row: number): number =>
    lists.reduce((most, list) => Math.max(most, list.offsets[row + 1]! - list.offsets[row]!), 1);
  const lengths = Int32Array.from({ length: encoded.rows }, (_, row) => longest(row));
  const order = Int32Array.from({ length: encoded.rows }, (_, row) => row);
  order.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const chunks: Int32Array[] = [];
  let start = 0;
  for (let end = 1; end <= order.length; end++) {
    // Ascending lengths: the row just added decides the padding of the whole chunk.
    const padded = end < order.length ? lengths[order[end]!]! * (end + 1 - start) : Number.POSITIVE_INFINITY;
    if (end === order.length || end - start >= maxRows || padded > maxEntries) {
      chunks.push(order.slice(start, end));
      start = end;
    }
  }
  return chunks;
}

/**
 * The inputs of a serving graph for some rows: `dense`, and `<bag>_indices` and `<bag>_weights` padded with index 0
 * and weight 0 to the longest row.
 *
 * @param encoded All rows.
 * @param options Their layout, and which of them.
 * @returns Tensors by input name.
 */
export function servingInputs(
  encoded: EncodedRows,
  options: { readonly layout: RowLayout; readonly rows: Int32Array },
): Record<string, Tensor> {
  const { layout, rows } = options;
  const inputs: Record<string, Tensor> = {};
  if (layout.denseWidth > 0) {
    inputs["dense"] = {
      dtype: "float32",
      shape: [rows.length, layout.denseWidth],
      data: denseRows(encoded, layout.denseWidth, rows),
    };
  }
  for (const bag of layout.bags) {
    const csr = encoded.bags[bag.name];
    if (csr === undefined)
      throw new RangeError(`Cannot embed rows as bag "${bag.name}" is missing from them`);
    const padded = padRows(csr, rows);
    const shape = [rows.length, padded.length];
    inputs[`${bag.name}_indices`] = { dtype: "int32", shape, data: padded.indices };
    inputs[`${bag.name}_weights`] = { dtype: "float32", shape, data: padded.weights };
  }
  if (layout.sequence !== undefined) {
    const { sequence } = encoded;
    if (sequence === undefined) {
      throw new RangeError(`Cannot embed rows as sequence "${layout.sequence.name}" is missing from them`);
    }
    const padded = padSequences(sequence, rows);
    const shape = [rows.length, padded.steps];
    Object.assign(
      inputs,
      ...sequenceColumns.map((column) => ({
        [`sequence_${column}`]: { dtype: "int32", shape, data: padded[column] },
      })),
    );
  }
  return inputs;
}

const sequenceColumns = ["items", "gaps", "kinds", "positions"] as const;

/**
 * Some rows of a sequence with equal length, zeros behind the newest step.
 *
 * @param sequence All rows.
 * @param rows Which rows.
 * @returns rows × steps, row-major; positions count from 1 for the newest step.
 */
export function padSequences(
  sequence: SequenceRows,
  rows: Int32Array,
): { readonly steps: number } & Readonly<Record<(typeof sequenceColumns)[number], Int32Array>> {
  const { offsets, items, gaps, kinds } = sequence;
  let steps = 1;
  for (const row of rows) steps = Math.max(steps, offsets[row + 1]! - offsets[row]!);
  const padded = (column: Int32Array): Int32Array => {
    const block = new Int32Array(rows.length * steps);
    for (const [at, row] of rows.entries()) {
      block.set(column.subarray(offsets[row]!, offsets[row + 1]!), at * steps);
    }
    return block;
  };
  const positions = new Int32Array(rows.length * steps);
  for (const [at, row] of rows.entries()) {
    const length = offsets[row + 1]! - offsets[row]!;
    for (let step = 0; step < length; step++) positions[at * steps + step] = length - step;
  }
  return { steps, items: padded(items), gaps: padded(gaps), kinds: padded(kinds), positions };
}

/**
 * The dense block of some rows.
 *
 * @param encoded All rows.
 * @param width Columns of the block.
 * @param rows Which rows.
 * @returns rows × width, row-major.
 */
export function denseRows(encoded: EncodedRows, width: number, rows: Int32Array): Float32Array {
  const block = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    block.set(encoded.dense.subarray(row * width, (row + 1) * width), at * width);
  }
  return block;
}

/**
 * Some rows of a bag with equal length, at least 1.
 *
 * @param bag All rows.
 * @param rows Which rows.
 * @returns rows × length indices and weights, row-major.
 */
export function padRows(
  bag: Csr,
  rows: Int32Array,
): { readonly length: number; readonly indices: Int32Array; readonly weights: Float32Array } {
  let length = 1;
  for (const row of rows) length = Math.max(length, bag.offsets[row + 1]! - bag.offsets[row]!);
  const indices = new Int32Array(rows.length * length);
  const weights = new Float32Array(rows.length * length);
  for (const [at, row] of rows.entries()) {
    const from = bag.offsets[row]!;
    const to = bag.offsets[row + 1]!;
    indices.set(bag.indices.subarray(from, to), at * length);
    weights.set(bag.weights.subarray(from, to), at * length);
  }
  return { length, indices, weights };
}
