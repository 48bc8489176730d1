import type { Csr } from "../base/mod.ts";

/** Which rows and columns of a bag become a matrix. */
export interface MultiHotOptions {
  /** Rows of the bag; all in order where absent. */
  readonly rows?: Int32Array;
  /** Columns of the matrix. */
  readonly columns: number;
  /** Column by index of the bag; absent: the index itself. */
  readonly position?: Int32Array;
  /** Buffer to write into, as large as needed or larger; allocated where absent. */
  readonly into?: Float32Array;
}

/**
 * A bag as a dense matrix of weights: the product with a table sums its rows.
 *
 * @param bag Sparse rows.
 * @param options Rows, columns and where to write.
 * @returns rows × columns, row-major.
 */
export function multiHot(bag: Csr, options: MultiHotOptions): Float32Array {
  const { rows, columns, position, into } = options;
  const count = rows?.length ?? bag.offsets.length - 1;
  const size = count * columns;
  const matrix = into === undefined || into.length < size ? new Float32Array(size) : into.subarray(0, size);
  if (into !== undefined) matrix.fill(0);
  for (let at = 0; at < count; at++) {
    const row = rows === undefined ? at : rows[at]!;
    for (let e = bag.offsets[row]!; e < bag.offsets[row + 1]!; e++) {
      const index = bag.indices[e]!;
      // Added, not set: a bag may name an index twice.
      matrix[at * columns + (position === undefined ? index : position[index]!)]! += bag.weights[e]!;
    }
  }
  return matrix;
}
