import type { Histories } from "../../features/mod.ts";
import type { DenseProduct } from "../../onnx/mod.ts";
import { likedItems } from "../liked-items.ts";
import type { Scorer } from "../scorer.ts";
import type { EvaluationSet } from "../split.ts";
import { validationQuality } from "../validation-quality.ts";
import type { Interactions } from "./interactions.ts";
import { invertInPlace } from "./invert.ts";

/** Options of {@link fitEase}. */
export interface EaseOptions {
  /** Multiplies the big blocks. */
  readonly product: DenseProduct;
  /** Penalties to choose from by validation, ascending; one alone is taken as it is. @default powers of 2 from 25 to 6,400, of which about four are tried */
  readonly lambdas?: readonly number[];
  /** Needed where there is more than one penalty. */
  readonly validation?: EvaluationSet;
  /** Items beyond which the square matrix is refused. @default {@link maxEaseItems} */
  readonly maxItems?: number;
}

/** Beyond so many items the two matrices of items × items would take more than 1.2 GB. */
export const maxEaseItems = 12_000;

/** EASE, and its penalty. */
export interface EaseScorer extends Scorer {
  readonly lambda: number;
}

/**
 * EASE: the best linear map from liked items to items that may not use an item to predict itself (Steck 2019,
 * "Embarrassingly shallow autoencoders for sparse data", equation 8).
 *
 * P = (XᵀX + λI)⁻¹, B_ij = -P_ij / P_jj, B_jj = 0; score(u, ·) = x_u B.
 *
 * @param interactions Training likes.
 * @param options Product, penalties, validation.
 * @returns A scorer.
 * @throws RangeError When there are too many items, a penalty is not positive, or validation is missing.
 */
export async function fitEase(interactions: Interactions, options: EaseOptions): Promise<EaseScorer> {
  const { product, validation, lambdas = defaultLambdas, maxItems = maxEaseItems } = options;
  const { items } = interactions;
  if (items > maxItems) {
    throw new RangeError(
      `Cannot fit EASE as it needs a matrix of items × items, at most ${maxItems}: current value is ${items}. Leave it out of --baselines, or raise --min-item-events`,
    );
  }
  if (lambdas.length === 0 || !lambdas.every((lambda) => lambda > 0)) {
    throw new RangeError(`Cannot fit EASE as penalties must be positive: current value is [${lambdas}]`);
  }
  if (lambdas.length > 1 && validation === undefined) {
    throw new RangeError(
      "Cannot choose a penalty for EASE as that needs a validation set: give one, or one penalty",
    );
  }
  const gram = gramMatrix(interactions);
  const scorerOf = async (lambda: number): Promise<EaseScorer> =>
    easeScorer(await mapFor(gram, items, lambda, product), items, lambda);
  if (validation === undefined || lambdas.length === 1) return scorerOf(lambdas[0]!);
  const measure = async (lambda: number): Promise<Tried> => {
    const scorer = await scorerOf(lambda);
    return { scorer, quality: await validationQuality(scorer, validation, items) };
  };
  const { scorer, quality } = await climb(lambdas, measure);
  return { ...scorer, chosen: { lambda: scorer.lambda, validationNdcg: quality } };
}

const defaultLambdas = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];

interface Tried {
  readonly scorer: EaseScorer;
  readonly quality: number;
}

/** Quality over the penalty has one peak: up from the middle while it gets better, else down. */
async function climb(
  lambdas: readonly number[],
  measure: (lambda: number) => Promise<Tried>,
): Promise<Tried> {
  const middle = (lambdas.length - 1) >> 1;
  let best = await measure(lambdas[middle]!);
  for (const step of [1, -1]) {
    const start = best;
    for (let at = middle + step; at >= 0 && at < lambdas.length; at += step) {
      const next = await measure(lambdas[at]!);
      if (next.quality <= best.quality) break;
      best = next;
    }
    if (best !== start) break;
  }
  return best;
}

/** XᵀX: how many people liked both. */
function gramMatrix({ users, items, byUser }: Interactions): Float32Array {
  const gram = new Float32Array(items * items);
  for (let user = 0; user < users; user++) {
    const own = byUser.items.subarray(byUser.offsets[user]!, byUser.offsets[user + 1]!);
    for (let a = 0; a < own.length; a++) {
      const row = own[a]! * items;
      for (let b = 0; b < own.length; b++) gram[row + own[b]!]!++;
    }
  }
  return gram;
}

async function mapFor(
  gram: Float32Array,
  items: number,
  lambda: number,
  product: DenseProduct,
): Promise<Float32Array> {
  const map = gram.slice();
  for (let i = 0; i < items; i++) map[i * items + i]! += lambda;
  await invertInPlace(map, items, { product });
  const diagonal = Float32Array.from({ length: items }, (_, j) => map[j * items + j]!);
  for (let i = 0; i < items; i++) {
    const row = map.subarray(i * items, (i + 1) * items);
    for (let j = 0; j < items; j++) row[j] = i === j ? 0 : -row[j]! / diagonal[j]!;
  }
  return map;
}

function easeScorer(map: Float32Array, items: number, lambda: number): EaseScorer {
  return {
    name: "ease",
    lambda,
    score: async (histories: Histories) => {
      const given = likedItems(histories);
      const users = given.offsets.length - 1;
      const scores = new Float32Array(users * items);
      for (let user = 0; user < users; user++) {
        const row = scores.subarray(user * items, (user + 1) * items);
        for (let e = given.offsets[user]!; e < given.offsets[user + 1]!; e++) {
          const start = given.items[e]! * items;
          for (let i = 0; i < items; i++) row[i]! += map[start + i]!;
        }
      }
      return scores;
    },
  };
}
