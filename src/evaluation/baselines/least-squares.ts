import type { ItemSets } from "../split.ts";
import type { MatrixProduct } from "./matrix-product.ts";

/** Options of {@link solveSide}. */
export interface LeastSquaresOptions {
  readonly product: MatrixProduct;
  readonly dims: number;
  readonly regularisation: number;
  readonly unobservedWeight: number;
  /** Steps of conjugate gradients. */
  readonly steps: number;
}

/** Rows solved together; bounds the memory of dense likes. */
const rowsAtOnce = 1024;
/** Above this share of likes among all pairs, multiplying whole matrices is faster than walking the likes. */
const denseFrom = 0.005;

/**
 * Solves one side of a factorisation with the other fixed: for every row r with likes L_r, the vector w of
 *
 * (sum_{i in L_r} v_i v_iᵀ + α VᵀV + λ (|L_r| + α |V|) I) w = sum_{i in L_r} v_i
 *
 * by conjugate gradients with a diagonal preconditioner, all rows of a batch at once, from where `vectors` stand
 * (Takács, Pilászy & Tikk 2011, "Applications of the conjugate gradient method for implicit feedback").
 *
 * @param likes Likes by row; indices count rows of `fixed`.
 * @param fixed The other side's vectors, row-major.
 * @param vectors rows × dims, improved in place.
 * @param options Sizes and penalties.
 */
export async function solveSide(
  likes: ItemSets,
  fixed: Float32Array,
  vectors: Float32Array,
  options: LeastSquaresOptions,
): Promise<void> {
  const { dims, product, unobservedWeight } = options;
  const others = fixed.length / dims;
  const columns = transposed(fixed, others, dims);
  const gram = await product.multiply(columns, fixed, { m: dims, k: others, n: dims });
  for (let e = 0; e < gram.length; e++) gram[e]! *= unobservedWeight;
  const squares = fixed.map((x) => x * x);
  const rows = likes.offsets.length - 1;
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const to = Math.min(rows, from + rowsAtOnce);
    const side = { fixed, columns, squares, gram, others };
    await solveBatch(likes, vectors, { ...options, side, from, to });
  }
}

interface FixedSide {
  readonly fixed: Float32Array;
  readonly columns: Float32Array;
  readonly squares: Float32Array;
  readonly gram: Float32Array;
  readonly others: number;
}

interface BatchOptions extends LeastSquaresOptions {
  readonly side: FixedSide;
  readonly from: number;
  readonly to: number;
}

async function solveBatch(likes: ItemSets, all: Float32Array, options: BatchOptions): Promise<void> {
  const { dims, regularisation, unobservedWeight, steps, side, from, to } = options;
  const rows = to - from;
  const x = all.subarray(from * dims, to * dims);
  const matrix = createLikeMatrix(likes, options);
  const penalty = Float32Array.from({ length: rows }, (_, r) => {
    const count = likes.offsets[from + r + 1]! - likes.offsets[from + r]!;
    return regularisation * (count + unobservedWeight * side.others);
  });
  const apply = async (p: Float32Array): Promise<Float32Array> => {
    const result = await matrix.weighted(p);
    const rest = await options.product.multiply(p, side.gram, { m: rows, k: dims, n: dims });
    for (let r = 0; r < rows; r++) {
      for (let e = r * dims; e < (r + 1) * dims; e++) result[e]! += rest[e]! + penalty[r]! * p[e]!;
    }
    return result;
  };
  const diagonal = await matrix.sums(side.squares);
  for (let r = 0; r < rows; r++) {
    for (let d = 0; d < dims; d++) diagonal[r * dims + d]! += side.gram[d * dims + d]! + penalty[r]!;
  }
  const residual = await matrix.sums(side.fixed);
  const start = await apply(x);
  for (let e = 0; e < residual.length; e++) residual[e]! -= start[e]!;
  const direction = residual.map((value, e) => value / diagonal[e]!);
  let energy = rowDots(residual, direction, dims);
  for (let step = 0; step < steps; step++) {
    const applied = await apply(direction);
    const curvature = rowDots(direction, applied, dims);
    for (let r = 0; r < rows; r++) {
      // A row that is solved, or has no likes, has nothing left to go along.
      const length = curvature[r]! > 0 ? energy[r]! / curvature[r]! : 0;
      for (let e = r * dims; e < (r + 1) * dims; e++) {
        x[e]! += length * direction[e]!;
        residual[e]! -= length * applied[e]!;
      }
    }
    if (step + 1 === steps) break;
    const conditioned = residual.map((value, e) => value / diagonal[e]!);
    const next = rowDots(residual, conditioned, dims);
    for (let r = 0; r < rows; r++) {
      const kept = energy[r]! > 0 ? next[r]! / energy[r]! : 0;
      for (let e = r * dims; e < (r + 1) * dims; e++) direction[e] = conditioned[e]! + kept * direction[e]!;
    }
    energy = next;
  }
}

/** The likes of a batch as a binary matrix X, by what is needed of it. */
interface LikeMatrix {
  /** X · m, for m with one row per item: rows × dims. */
  sums(m: Float32Array): Promise<Float32Array>;
  /** (X ∘ (p Vᵀ)) · V, for p of rows × dims. */
  weighted(p: Float32Array): Promise<Float32Array>;
}

function createLikeMatrix(likes: ItemSets, options: BatchOptions): LikeMatrix {
  const { from, to, side } = options;
  const count = likes.offsets[to]! - likes.offsets[from]!;
  return count > denseFrom * (to - from) * side.others
    ? denseLikes(likes, options)
    : sparseLikes(likes, options);
}

function denseLikes(likes: ItemSets, { from, to, side, dims, product }: BatchOptions): LikeMatrix {
  const { others, fixed, columns } = side;
  const rows = to - from;
  const matrix = new Float32Array(rows * others);
  const start = likes.offsets[from]!;
  const cells = new Int32Array(likes.offsets[to]! - start);
  for (let row = from; row < to; row++) {
    for (let e = likes.offsets[row]!; e < likes.offsets[row + 1]!; e++) {
      cells[e - start] = (row - from) * others + likes.items[e]!;
    }
  }
  const predicted = new Float32Array(rows * others);
  return {
    sums: (m) => {
      for (const cell of cells) matrix[cell] = 1;
      return product.multiply(matrix, m, { m: rows, k: others, n: dims });
    },
    weighted: async (p) => {
      await product.multiply(p, columns, { m: rows, k: dims, n: others, into: predicted });
      // Only liked cells are ever written, so that the others stay 0.
      for (const cell of cells) matrix[cell] = predicted[cell]!;
      return product.multiply(matrix, fixed, { m: rows, k: others, n: dims });
    },
  };
}

function sparseLikes(likes: ItemSets, { from, to, side, dims }: BatchOptions): LikeMatrix {
  const { fixed } = side;
  const gather = (m: Float32Array, weightOf: (row: number, at: number) => number): Float32Array => {
    const sums = new Float32Array((to - from) * dims);
    for (let row = from; row < to; row++) {
      const out = (row - from) * dims;
      for (let e = likes.offsets[row]!; e < likes.offsets[row + 1]!; e++) {
        const at = likes.items[e]! * dims;
        const weight = weightOf(out, at);
        for (let d = 0; d < dims; d++) sums[out + d]! += weight * m[at + d]!;
      }
    }
    return sums;
  };
  return {
    sums: async (m) => gather(m, () => 1),
    weighted: async (p) =>
      gather(fixed, (row, at) => {
        let dot = 0;
        for (let d = 0; d < dims; d++) dot += p[row + d]! * fixed[at + d]!;
        return dot;
      }),
  };
}

function rowDots(a: Float32Array, b: Float32Array, dims: number): Float32Array {
  const dots = new Float32Array(a.length / dims);
  for (let row = 0; row < dots.length; row++) {
    let dot = 0;
    for (let e = row * dims; e < (row + 1) * dims; e++) dot += a[e]! * b[e]!;
    dots[row] = dot;
  }
  return dots;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c]!;
  }
  return result;
}
