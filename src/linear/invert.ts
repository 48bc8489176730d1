import type { DenseProduct } from "../onnx/mod.ts";

/** Options of {@link invertInPlace}. */
export interface InvertOptions {
  /** Multiplies the big blocks. */
  readonly product: DenseProduct;
  /** Rows and columns eliminated in one go. @default 256 */
  readonly block?: number;
}

/** Rows of the big update made in one product, so that its memory stays small. */
const rowsAtOnce = 1024;

/**
 * Inverts a symmetric positive definite matrix by blocked Gauss-Jordan elimination (Golub & Van Loan, section 3.4.4 for
 * the blocks). Needs no pivoting, as every pivot block of such a matrix is positive definite itself.
 *
 * For each pivot block K, with P = A_KK⁻¹ and R = P A_K*, R_*K = P:
 * A_i* <- A_i* - A_iK R with A_iK set to 0 first, for all other rows i; A_K* <- R.
 *
 * @param matrix n × n, overwritten by its inverse. Single precision: the condition should stay below about 10⁵.
 * @param n Rows.
 * @param options Product and block size.
 * @throws RangeError When a pivot is not positive, hence the matrix not positive definite.
 */
export async function invertInPlace(matrix: Float32Array, n: number, options: InvertOptions): Promise<void> {
  const { product, block = 256 } = options;
  const updates = new Float32Array(Math.min(rowsAtOnce, n) * n);
  for (let start = 0; start < n; start += block) {
    const size = Math.min(block, n - start);
    const pivot = pivotInverse(matrix, n, { start, size });
    if (size === n) {
      matrix.set(pivot);
      return;
    }
    const rows = matrix.slice(start * n, (start + size) * n);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) rows[i * n + start + j] = i === j ? 1 : 0;
    }
    const reduced = await product.multiply(pivot, rows, { m: size, k: size, n });
    const column = new Float32Array(n * size);
    for (let i = 0; i < n; i++) {
      if (i >= start && i < start + size) continue;
      const own = matrix.subarray(i * n + start, i * n + start + size);
      column.set(own, i * size);
      own.fill(0);
    }
    for (let from = 0; from < n; from += rowsAtOnce) {
      const m = Math.min(rowsAtOnce, n - from);
      const update = await product.multiply(column.subarray(from * size, (from + m) * size), reduced, {
        m,
        k: size,
        n,
        into: updates.subarray(0, m * n),
      });
      const target = matrix.subarray(from * n, (from + m) * n);
      for (let e = 0; e < target.length; e++) target[e]! -= update[e]!;
    }
    matrix.set(reduced, start * n);
  }
}

/** The inverse of one block on the diagonal, computed in double precision. */
function pivotInverse(
  matrix: Float32Array,
  n: number,
  { start, size }: { readonly start: number; readonly size: number },
): Float32Array {
  const a = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) a[i * size + j] = matrix[(start + i) * n + start + j]!;
  }
  for (let k = 0; k < size; k++) {
    const pivot = a[k * size + k]!;
    if (!(pivot > 0)) {
      throw new RangeError(
        `Cannot invert a matrix as it must be positive definite: pivot ${start + k} is ${pivot}. Use a larger penalty`,
      );
    }
    a[k * size + k] = 1;
    for (let j = 0; j < size; j++) a[k * size + j]! /= pivot;
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = a[i * size + k]!;
      if (factor === 0) continue;
      a[i * size + k] = 0;
      for (let j = 0; j < size; j++) a[i * size + j]! -= factor * a[k * size + j]!;
    }
  }
  return Float32Array.from(a);
}
