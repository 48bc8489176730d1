import type { Csr } from "../base/mod.ts";
import type { DenseProduct } from "../onnx/mod.ts";
import { invertInPlace } from "./invert.ts";

/** Who liked what: one row per person, each item once; weights are not read. */
export type LikedItems = Pick<Csr, "offsets"> & { readonly items: Int32Array };

/** Penalties that {@link choosePenalty} climbs over: which is best differs between catalogues by some powers of two. */
export const easePenalties: readonly number[] = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400];

/**
 * XᵀX: how many people liked both.
 *
 * @param likes The rows of X.
 * @param items Columns of X.
 * @returns items × items, symmetric.
 */
export function gramMatrix({ offsets, items: liked }: LikedItems, items: number): Float32Array {
  const gram = new Float32Array(items * items);
  for (let user = 0; user + 1 < offsets.length; user++) {
    const own = liked.subarray(offsets[user]!, offsets[user + 1]!);
    for (let a = 0; a < own.length; a++) {
      const row = own[a]! * items;
      for (let b = 0; b < own.length; b++) gram[row + own[b]!]!++;
    }
  }
  return gram;
}

/**
 * EASE: the best linear map from liked items to items that may not use an item to predict itself (Steck 2019,
 * "Embarrassingly shallow autoencoders for sparse data", https://arxiv.org/abs/1905.03375, equation 8).
 *
 * P = (XᵀX + λI)⁻¹, B_ij = -P_ij / P_jj, B_jj = 0; the scores of a person are x B.
 *
 * @param gram XᵀX, items × items; left as it is.
 * @param options λ > 0, and what multiplies the big blocks.
 * @returns B, items × items.
 */
export async function easeMap(
  gram: Float32Array,
  { penalty, product }: { readonly penalty: number; readonly product: DenseProduct },
): Promise<Float32Array> {
  const items = Math.sqrt(gram.length);
  const map = gram.slice();
  for (let i = 0; i < items; i++) map[i * items + i]! += penalty;
  await invertInPlace(map, items, { product });
  const diagonal = Float32Array.from({ length: items }, (_, j) => map[j * items + j]!);
  for (let i = 0; i < items; i++) {
    const row = map.subarray(i * items, (i + 1) * items);
    for (let j = 0; j < items; j++) row[j] = i === j ? 0 : -row[j]! / diagonal[j]!;
  }
  return map;
}

/**
 * Climbs to the penalty of the best quality, which has one peak over the penalty: up from the middle while it gets
 * better, else down.
 *
 * @param penalties Ascending.
 * @param measure Fits by one and measures; called for about four of them.
 * @returns What `measure` gave for the best.
 */
export async function choosePenalty<T extends { readonly quality: number }>(
  penalties: readonly number[],
  measure: (penalty: number) => Promise<T>,
): Promise<T> {
  const middle = (penalties.length - 1) >> 1;
  let best = await measure(penalties[middle]!);
  for (const step of [1, -1]) {
    const start = best;
    for (let at = middle + step; at >= 0 && at < penalties.length; at += step) {
      const next = await measure(penalties[at]!);
      if (next.quality <= best.quality) break;
      best = next;
    }
    if (best !== start) break;
  }
  return best;
}
