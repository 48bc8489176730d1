import type { Csr } from "../base/mod.ts";

/** Blocks are rounded up to this many rows, so that few distinct shapes occur. */
const blockUnit = 512;

/** The part of a table that a batch needs. */
export interface TableBlock {
  /** Table row by block row, ascending; -1 fills it up. */
  readonly rows: Int32Array;
  /** Block row by table row; -1 where the batch does not need it. */
  readonly position: Int32Array;
}

/**
 * The distinct indices of some rows of a bag.
 *
 * @param bag Sparse rows.
 * @param options Rows of the table, and which rows of the bag (all where undefined).
 * @returns The block.
 */
export function distinctRows(
  bag: Csr,
  options: { readonly vocabulary: number; readonly rows: Int32Array | undefined },
): TableBlock {
  const { rows } = options;
  const position = new Int32Array(options.vocabulary).fill(-1);
  const count = rows?.length ?? bag.offsets.length - 1;
  const distinct: number[] = [];
  for (let at = 0; at < count; at++) {
    const row = rows === undefined ? at : rows[at]!;
    for (let e = bag.offsets[row]!; e < bag.offsets[row + 1]!; e++) {
      const index = bag.indices[e]!;
      if (position[index] !== -1) continue;
      position[index] = 0;
      distinct.push(index);
    }
  }
  const block = new Int32Array(Math.max(1, Math.ceil(distinct.length / blockUnit)) * blockUnit).fill(-1);
  block.set(Int32Array.from(distinct).sort());
  for (let at = 0; at < distinct.length; at++) position[block[at]!] = at;
  return { rows: block, position };
}

/**
 * Chosen rows of a bag, those that are not kept empty.
 *
 * @param bag Sparse rows.
 * @param rows Which.
 * @param keep 0 or 1 by position in `rows`.
 * @returns As many rows as are chosen.
 */
export function keptRows(bag: Csr, rows: Int32Array, keep: Uint8Array): Csr {
  const offsets = new Int32Array(rows.length + 1);
  const indices: number[] = [];
  const weights: number[] = [];
  for (const [at, row] of rows.entries()) {
    for (let e = bag.offsets[row]!; keep[at] === 1 && e < bag.offsets[row + 1]!; e++) {
      indices.push(bag.indices[e]!);
      weights.push(bag.weights[e]!);
    }
    offsets[at + 1] = indices.length;
  }
  return { offsets, indices: Int32Array.from(indices), weights: Float32Array.from(weights) };
}
