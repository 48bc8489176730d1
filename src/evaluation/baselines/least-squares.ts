import type { DenseProduct } from "../../onnx/mod.ts";
import type { ItemSets } from "../split.ts";

/** Options of {@link createRowSolver}. */
export interface RowSolverOptions {
  readonly product: DenseProduct;
  readonly dims: number;
  /** λ: penalty per like. */
  readonly regularisation: number;
  /** α: weight of every pair as an observed 0. */
  readonly unobservedWeight: number;
}

/** Solves one side of a factorisation with the other fixed; keeps its scratch memory between calls. */
export interface RowSolver {
  /**
   * Improves every row's vector.
   *
   * @param likes Likes by row; indices count rows of `fixed`.
   * @param vectors rows × dims, improved in place from where they stand.
   * @param options The other side's vectors, row-major, and how many steps to take.
   */
  solve(
    likes: ItemSets,
    vectors: Float32Array,
    options: { readonly fixed: Float32Array; readonly steps: number },
  ): Promise<void>;
}

/** Rows solved together; bounds the memory of dense likes. */
const rowsAtOnce = 1024;
/** Above this share of likes among all pairs, multiplying whole matrices is faster than walking the likes. */
const denseFrom = 0.005;

/**
 * A solver for every row r with likes L_r of
 *
 * (sum_{i in L_r} v_i v_iᵀ + α VᵀV + λ (|L_r| + α |V|) I) w = sum_{i in L_r} v_i
 *
 * by conjugate gradients, all rows of a batch at once (Takács, Pilászy & Tikk 2011, "Applications of the conjugate
 * gradient method for implicit feedback collaborative filtering").
 *
 * @param options Sizes and penalties.
 * @returns The solver.
 */
export function createRowSolver(options: RowSolverOptions): RowSolver {
  const { dims, product, unobservedWeight } = options;
  let scratch: Scratch = { matrix: new Float32Array(0), predicted: new Float32Array(0) };
  return {
    async solve(likes, vectors, { fixed, steps }) {
      const others = fixed.length / dims;
      const columns = transposed(fixed, others, dims);
      const gram = await product.multiply(columns, fixed, { m: dims, k: others, n: dims });
      for (let e = 0; e < gram.length; e++) gram[e]! *= unobservedWeight;
      const rows = likes.offsets.length - 1;
      for (let from = 0; from < rows; from += rowsAtOnce) {
        const to = Math.min(rows, from + rowsAtOnce);
        const cells = (to - from) * others;
        const dense = likes.offsets[to]! - likes.offsets[from]! > denseFrom * cells;
        if (dense && scratch.matrix.length < cells) {
          scratch = { matrix: new Float32Array(cells), predicted: new Float32Array(cells) };
        }
        const batch: Batch = { likes, from, to, fixed, columns, gram, others, steps };
        const matrix = dense ? denseLikes(batch, scratch, options) : sparseLikes(batch, dims);
        await solveBatch(matrix, vectors.subarray(from * dims, to * dims), { ...options, batch });
      }
    },
  };
}

interface Batch {
  readonly likes: ItemSets;
  /** Rows of the batch. */
  readonly from: number;
  readonly to: number;
  /** V, and Vᵀ. */
  readonly fixed: Float32Array;
  readonly columns: Float32Array;
  /** α VᵀV. */
  readonly gram: Float32Array;
  /** Rows of V. */
  readonly others: number;
  readonly steps: number;
}

async function solveBatch(
  likes: LikeMatrix,
  x: Float32Array,
  options: RowSolverOptions & { readonly batch: Batch },
): Promise<void> {
  const { dims, regularisation, unobservedWeight, product, batch } = options;
  const rows = batch.to - batch.from;
  const { offsets } = batch.likes;
  const penalty = Float32Array.from({ length: rows }, (_, r) => {
    const count = offsets[batch.from + r + 1]! - offsets[batch.from + r]!;
    return regularisation * (count + unobservedWeight * batch.others);
  });
  const shared = new Float32Array(rows * dims);
  /** p · (α VᵀV + penalty): what does not depend on which items a row likes. */
  const multiplyShared = async (p: Float32Array): Promise<void> => {
    await product.multiply(p, batch.gram, { m: rows, k: dims, n: dims, into: shared });
    for (let r = 0; r < rows; r++) {
      for (let e = r * dims; e < (r + 1) * dims; e++) shared[e]! += penalty[r]! * p[e]!;
    }
  };
  const residual = new Float32Array(rows * dims);
  await likes.errors(x, { target: 1, into: residual });
  await multiplyShared(x);
  for (let e = 0; e < residual.length; e++) residual[e]! -= shared[e]!;
  const direction = residual.slice();
  const applied = new Float32Array(rows * dims);
  let energy = rowDots(residual, residual, dims);
  for (let step = 0; step < batch.steps; step++) {
    await likes.errors(direction, { target: 0, into: applied });
    await multiplyShared(direction);
    for (let e = 0; e < applied.length; e++) applied[e] = shared[e]! - applied[e]!;
    const curvature = rowDots(direction, applied, dims);
    for (let r = 0; r < rows; r++) {
      // A row that is solved, or has no likes, has nothing left to go along.
      const length = curvature[r]! > 0 ? energy[r]! / curvature[r]! : 0;
      for (let e = r * dims; e < (r + 1) * dims; e++) {
        x[e]! += length * direction[e]!;
        residual[e]! -= length * applied[e]!;
      }
    }
    const next = rowDots(residual, residual, dims);
    for (let r = 0; r < rows; r++) {
      const kept = energy[r]! > 0 ? next[r]! / energy[r]! : 0;
      for (let e = r * dims; e < (r + 1) * dims; e++) direction[e] = residual[e]! + kept * direction[e]!;
    }
    energy = next;
  }
  likes.close();
}

/** The likes of a batch as a binary matrix X. */
interface LikeMatrix {
  /** (X ∘ (target - p Vᵀ)) · V, for p of rows × dims. */
  errors(p: Float32Array, options: { readonly target: number; readonly into: Float32Array }): Promise<void>;
  close(): void;
}

interface Scratch {
  /** All 0 between batches. */
  readonly matrix: Float32Array;
  readonly predicted: Float32Array;
}

function denseLikes(batch: Batch, scratch: Scratch, { product, dims }: RowSolverOptions): LikeMatrix {
  const { likes, from, to, others, fixed, columns } = batch;
  const rows = to - from;
  const matrix = scratch.matrix.subarray(0, rows * others);
  const predicted = scratch.predicted.subarray(0, rows * others);
  const start = likes.offsets[from]!;
  const cells = new Int32Array(likes.offsets[to]! - start);
  for (let row = from; row < to; row++) {
    for (let e = likes.offsets[row]!; e < likes.offsets[row + 1]!; e++) {
      cells[e - start] = (row - from) * others + likes.items[e]!;
    }
  }
  return {
    async errors(p, { target, into }) {
      await product.multiply(p, columns, { m: rows, k: dims, n: others, into: predicted });
      // Only liked cells are ever written, so that the others stay 0.
      for (let c = 0; c < cells.length; c++) matrix[cells[c]!] = target - predicted[cells[c]!]!;
      await product.multiply(matrix, fixed, { m: rows, k: others, n: dims, into });
    },
    close() {
      for (let c = 0; c < cells.length; c++) matrix[cells[c]!] = 0;
    },
  };
}

function sparseLikes({ likes, from, to, fixed }: Batch, dims: number): LikeMatrix {
  return {
    async errors(p, { target, into }) {
      into.fill(0);
      for (let row = from; row < to; row++) {
        const own = (row - from) * dims;
        for (let e = likes.offsets[row]!; e < likes.offsets[row + 1]!; e++) {
          const other = likes.items[e]! * dims;
          let error = target;
          for (let d = 0; d < dims; d++) error -= p[own + d]! * fixed[other + d]!;
          for (let d = 0; d < dims; d++) into[own + d]! += error * fixed[other + d]!;
        }
      }
    },
    close() {},
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
