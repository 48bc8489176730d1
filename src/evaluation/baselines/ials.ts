import type { Progress } from "../../base/mod.ts";
import { createRandom, FutagoError, silentProgress } from "../../base/mod.ts";
import type { Histories } from "../../features/mod.ts";
import type { DenseProduct } from "../../onnx/mod.ts";
import { likedItems } from "../liked-items.ts";
import type { Scorer } from "../scorer.ts";
import type { Interactions } from "./interactions.ts";
import { createRowSolver } from "./least-squares.ts";

/** What {@link tuneIals} chooses among. */
export interface IalsSettings {
  /** Length of the vectors. @default 128 */
  readonly dims?: number;
  /** Penalty per like, scaled by how many likes a row has. @default 0.005 */
  readonly regularisation?: number;
  /** Weight of every pair of user and item as an observed 0. @default 0.3 */
  readonly unobservedWeight?: number;
}

/** Options of {@link fitIals}. */
export interface IalsOptions extends IalsSettings {
  /** Multiplies the big matrices. */
  readonly product: DenseProduct;
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
  const { iterations = 15, progress = silentProgress } = options;
  const fit = startIals(interactions, options);
  const task = progress.start("Fitting ials", iterations);
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      await fit.iterate();
      task.advance(1);
    }
  } finally {
    task.done();
  }
  return fit.scorer();
}

/** A factorisation under way: it can be measured, and go on where it stands. */
export interface IalsFit {
  /** Solves both sides once. */
  iterate(): Promise<void>;
  /** Scores by the vectors as they stand. */
  scorer(): Scorer;
}

/**
 * A factorisation before its first iteration.
 *
 * @param interactions Training likes.
 * @param options As of {@link fitIals}; `iterations` and `progress` are not read.
 * @returns The fit.
 */
export function startIals(interactions: Interactions, options: IalsOptions): IalsFit {
  const { product, signal, solverSteps = 3, seed = 42 } = options;
  const { dims = 128, regularisation = 0.005, unobservedWeight = 0.3 } = options;
  const { users, items, byUser, byItem } = interactions;
  const random = createRandom(seed).fork("ials");
  const scale = 0.1 / Math.sqrt(dims);
  const initial = (rows: number): Float32Array =>
    Float32Array.from({ length: rows * dims }, () => scale * random.normal());
  const userVectors = initial(users);
  const itemVectors = initial(items);
  const createSolver = () => createRowSolver({ product, dims, regularisation, unobservedWeight });
  return {
    async iterate() {
      if (signal?.aborted)
        throw new FutagoError("cancelled", "Cannot finish fitting iALS as it was cancelled");
      const solver = createSolver();
      await solver.solve(byUser, userVectors, { fixed: itemVectors, steps: solverSteps });
      await solver.solve(byItem, itemVectors, { fixed: userVectors, steps: solverSteps });
    },
    scorer() {
      const fixed = itemVectors.slice();
      const itemColumns = new Float32Array(dims * items);
      for (let i = 0; i < items; i++) {
        for (let d = 0; d < dims; d++) itemColumns[d * items + i] = fixed[i * dims + d]!;
      }
      const solver = createSolver();
      return {
        name: "ials",
        score: async (histories: Histories) => {
          const given = likedItems(histories);
          const viewers = given.offsets.length - 1;
          const vectors = new Float32Array(viewers * dims);
          await solver.solve(given, vectors, { fixed, steps: foldInSteps });
          return product.multiply(vectors, itemColumns, { m: viewers, k: dims, n: items });
        },
      };
    },
  };
}
