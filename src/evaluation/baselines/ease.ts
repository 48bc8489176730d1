import type { Histories } from "../../features/mod.ts";
import { choosePenalty, easeMap, easePenalties, gramMatrix } from "../../linear/mod.ts";
import type { DenseProduct } from "../../onnx/mod.ts";
import { likedItems } from "../liked-items.ts";
import type { Scorer } from "../scorer.ts";
import type { EvaluationSet } from "../split.ts";
import { validationQuality } from "../validation-quality.ts";
import type { Interactions } from "./interactions.ts";

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
 * EASE, see `easeMap`: score(u, ·) = x_u B.
 *
 * @param interactions Training likes.
 * @param options Product, penalties, validation.
 * @returns A scorer.
 * @throws RangeError When there are too many items, a penalty is not positive, or validation is missing.
 */
export async function fitEase(interactions: Interactions, options: EaseOptions): Promise<EaseScorer> {
  const { product, validation, lambdas = easePenalties, maxItems = maxEaseItems } = options;
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
  const gram = gramMatrix(interactions.byUser, items);
  const scorerOf = async (lambda: number): Promise<EaseScorer> =>
    easeScorer(await easeMap(gram, { penalty: lambda, product }), items, lambda);
  if (validation === undefined || lambdas.length === 1) return scorerOf(lambdas[0]!);
  const { scorer, quality } = await choosePenalty(lambdas, async (lambda) => {
    const scorer = await scorerOf(lambda);
    return { scorer, quality: await validationQuality(scorer, validation, items) };
  });
  return { ...scorer, chosen: { lambda: scorer.lambda, validationNdcg: quality } };
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
