import type { Random } from "../base/mod.ts";
import type { DenseProduct } from "../onnx/mod.ts";

/** Options of {@link principalDirections}. */
export interface DirectionOptions {
  /** XᵀX of the data that the map is for, items × items. */
  readonly gram: Float32Array;
  /** How many; fewer than there are items. */
  readonly count: number;
  readonly product: DenseProduct;
  /** Of the start; which directions are found does not hang on it. */
  readonly random: Random;
  /** @default 6 */
  readonly iterations?: number;
}

/**
 * The directions V in which the scores XB of the people of X differ most, so that XBVVᵀ is the closest to XB that so few
 * numbers for each person and each item can be: the leading eigenvectors of (XB)ᵀXB = BᵀGB, G = XᵀX (Eckart & Young
 * 1936), by subspace iteration (Golub & Van Loan, section 8.2.4).
 *
 * @param map B, items × items.
 * @param options G, and how many.
 * @returns V, items × count, its columns of unit length and at right angles.
 */
export async function principalDirections(
  map: Float32Array,
  options: DirectionOptions,
): Promise<Float32Array> {
  const { gram, count, product, random, iterations = 6 } = options;
  const items = Math.sqrt(map.length);
  // Rows are items: V is held as its transpose, since both matrices on the left may be used as they lie that way:
  // (BᵀGB V)ᵀ = ((Vᵀ Bᵀ) G) B.
  const transposed = transpose(map, items);
  let rows: Float32Array = Float32Array.from({ length: count * items }, () => random.normal());
  for (let iteration = 0; iteration < iterations; iteration++) {
    orthonormalise(rows, items);
    for (const matrix of [transposed, gram, map]) {
      rows = await product.multiply(rows, matrix, { m: count, k: items, n: items });
    }
  }
  orthonormalise(rows, items);
  const columns = new Float32Array(items * count);
  for (let d = 0; d < count; d++) {
    for (let i = 0; i < items; i++) columns[i * count + d] = rows[d * items + i]!;
  }
  return columns;
}

function transpose(matrix: Float32Array, n: number): Float32Array {
  const turned = new Float32Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) turned[j * n + i] = matrix[i * n + j]!;
  return turned;
}

/** Modified Gram-Schmidt (Golub & Van Loan, section 5.2.8), in place; what is left of a dependent row becomes 0. */
function orthonormalise(rows: Float32Array, width: number): void {
  const count = rows.length / width;
  for (let r = 0; r < count; r++) {
    const row = rows.subarray(r * width, (r + 1) * width);
    const before = Math.sqrt(dot(row, row));
    for (let q = 0; q < r; q++) {
      const other = rows.subarray(q * width, (q + 1) * width);
      const along = dot(row, other);
      for (let i = 0; i < width; i++) row[i]! -= along * other[i]!;
    }
    const length = Math.sqrt(dot(row, row));
    const scale = length > before * 1e-5 ? 1 / length : 0;
    for (let i = 0; i < width; i++) row[i]! *= scale;
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
