import * as z from "zod/mini";
import type { Csr } from "../base/mod.ts";
import type { BagBuilder } from "./bag-builder.ts";
import { featureName } from "./declaration.ts";
import type { Signals } from "./signals.ts";

/** What a viewer's events point to: liked items, or refused ones. */
const signal = z._default(z.enum(["positive", "nope"]), "positive");

/** Liked (or refused) items themselves, summed from a table of the user tower's own; L2-normalised weights. */
export const historyFeature = z.strictObject({
  kind: z.literal("history"),
  name: featureName,
  /** The item feature whose entries are pooled: of kind `id`. */
  of: z._default(featureName, "id"),
  signal,
});

/** See {@link historyFeature}. */
export type HistoryFeature = z.output<typeof historyFeature>;

/** What liked (or refused) items are like: shares of genres, makers, performers; the weights sum to 1. */
export const distributionFeature = z.strictObject({
  kind: z.literal("distribution"),
  name: featureName,
  /** The item feature whose entries are pooled: any that makes a bag. */
  of: featureName,
  signal,
  /**
   * As many likes as what a viewer said they like counts for, in `Person.taste` under the item feature's field: while there are
   * few likes it speaks, and fades as they come; what else is pooled from likes then counts as among so many more. Absent: it
   * is not read.
   */
  declared: z.optional(z.number().check(z.positive(), z.maximum(1_000))),
});

/** See {@link distributionFeature}. */
export type DistributionFeature = z.output<typeof distributionFeature>;

/** Reusable room for {@link poolSignals}: sums by table row, valid where the stamp is the current generation. */
export interface PoolScratch {
  readonly sum: Float64Array;
  readonly stamp: Int32Array;
  readonly touched: Int32Array;
  generation: number;
}

/**
 * Room for tables of up to `vocabulary` rows.
 *
 * @param vocabulary Rows of the largest table.
 * @returns The scratch.
 */
export function createPoolScratch(vocabulary: number): PoolScratch {
  return {
    sum: new Float64Array(vocabulary),
    stamp: new Int32Array(vocabulary),
    touched: new Int32Array(vocabulary),
    generation: 0,
  };
}

/**
 * Adds up the bags of a viewer's items into one row of a bag.
 *
 * `l2`: sum_j = Σ_i w_i · b_ij, then divided by the Euclidean length. `share`: each item spreads its weight over its
 * entries, sum_j = Σ_i w_i · b_ij / Σ_k b_ik, then divided by the total. Declared entries D add D's weight / |D| each to their
 * sum before that, as a Dirichlet prior would: of n likes, the share that was declared is weight / (n + weight).
 *
 * `unknown` likes of which it is not known what they were of (a taste was declared, but not of this) count in the length and in the total
 * alone: else the first like would be all of what a viewer is, beside a taste that counts as several.
 *
 * @param signals The viewer's items and weights.
 * @param bag The items' entries.
 * @param options Which normalisation, where to (the row is left open), and room.
 */
export function poolSignals(
  signals: Signals,
  bag: Csr,
  options: {
    readonly normalise: "l2" | "share";
    readonly out: BagBuilder;
    readonly scratch: PoolScratch;
    /** Entries that were said to be liked, each once, and as how many likes they count together. */
    readonly declared?: { readonly entries: readonly number[]; readonly weight: number };
    /** As how many likes of nothing known. @default 0 */
    readonly unknown?: number;
  },
): void {
  const { normalise, out, scratch, declared, unknown = 0 } = options;
  const { sum, stamp, touched } = scratch;
  const { offsets, indices, weights } = bag;
  const generation = ++scratch.generation;
  let count = 0;
  for (const index of declared?.entries ?? []) {
    stamp[index] = generation;
    sum[index] = declared!.weight / declared!.entries.length;
    touched[count++] = index;
  }
  for (let i = 0; i < signals.count; i++) {
    const row = signals.item[i]!;
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    const weight = normalise === "share" ? spread(signals.weight[i]!, row, bag) : signals.weight[i]!;
    for (let k = start; k < end; k++) {
      const index = indices[k]!;
      if (stamp[index] !== generation) {
        stamp[index] = generation;
        sum[index] = 0;
        touched[count++] = index;
      }
      sum[index]! += weight * weights[k]!;
    }
  }
  let norm = 0;
  for (let t = 0; t < count; t++) {
    const value = sum[touched[t]!]!;
    norm += normalise === "l2" ? value * value : value;
  }
  if (!(norm > 0)) return;
  const scale = 1 / (normalise === "l2" ? Math.sqrt(norm + unknown) : norm + unknown);
  for (let t = 0; t < count; t++) {
    const index = touched[t]!;
    const value = Math.fround(sum[index]! * scale);
    // Events so old that their weight rounds to nothing would only lengthen the row.
    if (value > 0) out.push(index, value);
  }
}

/**
 * An item's weight divided by the sum of its entries.
 *
 * @param weight Of the item.
 * @param row The item's row.
 * @param bag The items' entries.
 * @returns What each entry is multiplied by.
 */
export function spread(weight: number, row: number, { offsets, weights }: Csr): number {
  let total = 0;
  for (let k = offsets[row]!; k < offsets[row + 1]!; k++) total += weights[k]!;
  return weight / total;
}
