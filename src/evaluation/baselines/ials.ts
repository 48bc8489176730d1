import type { Progress } from "../../base/mod.ts";
import { createRandom, FutagoError, silentProgress } from "../../base/mod.ts";
import type { Histories } from "../../features/mod.ts";
import type { DenseProduct } from "../../onnx/mod.ts";
import { likedItems } from "../liked-items.ts";
import type { Scorer } from "../scorer.ts";
import type { Interactions } from "./interactions.ts";
import { createRowSolver } from "./least-squares.ts";

/** Options of {@link fitIals}. */
export interface IalsOptions {
  /** Multiplies the big matrices. */
  readonly product: DenseProduct;
  /** Length of the vectors. @default 128 */
  readonly dims?: number;
  /** Penalty per like, scaled by how many likes a row has. @default 0.005 */
  readonly regularisation?: number;
  /** Weight of every pair of user and item as an observed 0. @default 0.3 */
  readonly unobservedWeight?: number;
  /** Times both sides are solved. @default 15 */
  readonly iterations?: number;
  /** Steps of the solver per row and iteration, from where the last one ended. @default 3 */
  readonly solverSteps?: number;
  /** Of the initial vectors. @default 42 */
  readonly seed?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A new viewer's vector starts from nothing, so it is given more steps. */
const foldInSteps = 16;

/**
 * Matrix factorisation of implicit feedback by alternating least squares (Hu, Koren & Volinsky 2008), with the loss and
 * the frequency-scaled penalty of Rendle et al. 2021, "Revisiting the performance of iALS on item recommendation
 * benchmarks", equations 1 to 5, ν = 1:
 *
 * L = sum over likes (w_u·h_i - 1)² + α sum over all pairs (w_u·h_i)²
 *   + λ sum_u (|I_u| + α |I|) |w_u|² + λ sum_i (|U_i| + α |U|) |h_i|²
 *
 * Viewers are folded in from what is given of them, whether they were trained on or not.
 *
 * @param interactions Training likes.
 * @param options Sizes and penalties.
 * @returns A scorer: the product of vectors.
 * @throws FutagoError `cancelled` when the signal is aborted.
 */
export async function fitIals(interactions: Interactions, options: IalsOptions): Promise<Scorer> {
  const { product, signal, progress = silentProgress } = options;
  const { dims = 128, regularisation = 0.005, unobservedWeight = 0.3 } = options;
  const { iterations = 15, solverSteps = 3, seed = 42 } = options;
  const { users, items, byUser, byItem } = interactions;
  const solver = createRowSolver({ product, dims, regularisation, unobservedWeight });

  const random = createRandom(seed).fork("ials");
  const scale = 0.1 / Math.sqrt(dims);
  const initial = (rows: number): Float32Array =>
    Float32Array.from({ length: rows * dims }, () => scale * random.normal());
  const userVectors = initial(users);
  const itemVectors = initial(items);
  const task = progress.start("Fitting ials", iterations);
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      if (signal?.aborted)
        throw new FutagoError("cancelled", "Cannot finish fitting iALS as it was cancelled");
      await solver.solve(byUser, userVectors, { fixed: itemVectors, steps: solverSteps });
      await solver.solve(byItem, itemVectors, { fixed: userVectors, steps: solverSteps });
      task.advance(1);
    }
  } finally {
    task.done();
  }

  const itemColumns = new Float32Array(dims * items);
  for (let i = 0; i < items; i++) {
    for (let d = 0; d < dims; d++) itemColumns[d * items + i] = itemVectors[i * dims + d]!;
  }
  return {
    name: "ials",
    score: async (histories: Histories) => {
      const given = likedItems(histories);
      const viewers = given.offsets.length - 1;
      const vectors = new Float32Array(viewers * dims);
      await solver.solve(given, vectors, { fixed: itemVectors, steps: foldInSteps });
      return product.multiply(vectors, itemColumns, { m: viewers, k: dims, n: items });
    },
  };
}
