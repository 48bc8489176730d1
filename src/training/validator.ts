import type { EncodedRows, FittedFeatures } from "../features/mod.ts";
import { createRuntimeProduct, type DenseProduct, type Runtime } from "../onnx/mod.ts";
import type { TowerConfig, Weights } from "../towers/mod.ts";
import { validationNdcg } from "./validation-ndcg.ts";
import type { ValidationSet } from "./validation-set.ts";
import { createWeightEmbedder } from "./weight-embedder.ts";

/** Measures weights on a validation set during training. */
export interface Validator {
  /** NDCG@10 over the whole catalogue, 0-1. */
  measure(weights: Weights): Promise<number>;
  close(): Promise<void>;
}

/** What {@link createValidator} is given. */
export interface ValidatorOptions {
  readonly config: TowerConfig;
  readonly features: FittedFeatures;
  /** The whole catalogue. */
  readonly items: EncodedRows;
  readonly set: ValidationSet;
  /** Largest table that is multiplied whole instead of gathered. */
  readonly denseRows: number;
}

/** Largest matrix of scores held at once, in elements. */
const largestScores = 8_388_608;

/**
 * Loads both towers with their weights as inputs and encodes the set once, so that a validation is a few products.
 *
 * @param runtime What runs them.
 * @param options Towers, features, catalogue and set.
 * @returns The validator.
 */
export async function createValidator(runtime: Runtime, options: ValidatorOptions): Promise<Validator> {
  const { set, items } = options;
  const embedder = await createWeightEmbedder(runtime, {
    ...options,
    histories: set.given,
    name: "validation",
  });
  const product = await createRuntimeProduct(runtime, { transposeB: true });
  return {
    measure: async (weights) => {
      const right = await embedder.items(weights);
      const left = await embedder.users(weights);
      return scoreInChunks(product, { left, right, width: options.config.dims, set, items: items.rows });
    },
    close: async () => {
      await embedder.close();
      await product.close();
    },
  };
}

/**
 * NDCG@10 of viewers and items that were embedded, over the whole catalogue, in chunks of bounded memory.
 *
 * @param product Multiplies by the transpose of the second.
 * @param options Vectors of viewers (left) and items (right), their width, the set and the number of items.
 * @returns The mean over viewers with targets, 0-1; 0 without any.
 */
export async function scoreInChunks(
  product: DenseProduct,
  options: {
    readonly left: Float32Array;
    readonly right: Float32Array;
    readonly width: number;
    readonly set: ValidationSet;
    readonly items: number;
  },
): Promise<number> {
  const { left, right, width, set, items } = options;
  const viewers = left.length / width;
  const step = Math.max(1, Math.floor(largestScores / items));
  let sum = 0;
  let counted = 0;
  for (let from = 0; from < viewers; from += step) {
    const to = Math.min(viewers, from + step);
    const scores = await product.multiply(left.subarray(from * width, to * width), right, {
      m: to - from,
      k: width,
      n: items,
    });
    const part = validationNdcg(scores, { set, items, k: 10, from });
    sum += part.sum;
    counted += part.viewers;
  }
  return counted === 0 ? 0 : sum / counted;
}
