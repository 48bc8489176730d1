import * as z from "zod/mini";
import { featureName } from "./declaration.ts";
import type { DenseEncoder, FieldRow, FitContext } from "./encoder.ts";
import { fitStandard, type StandardState, writeStandard } from "./standardise.ts";

/** How often an item was liked in the fit data: log(1 + likes), standardised; "missing" for what had no like there. */
export const popularityFeature = z.strictObject({
  kind: z.literal("popularity"),
  name: featureName,
  /** In standard deviations. */
  clip: z._default(z.number().check(z.positive(), z.maximum(100)), 5),
});

/** See {@link popularityFeature}. */
export type PopularityFeature = z.output<typeof popularityFeature>;

/** Likes by item, and their scale. */
export interface PopularityState extends StandardState {
  /** Items with at least one like, most liked first. */
  readonly ids: readonly string[];
  /** Likes of each of `ids`. */
  readonly likes: readonly number[];
}

/**
 * Counts likes.
 *
 * @param rows The fit data.
 * @param context Likes of each row.
 * @returns The state.
 */
export function fitPopularity(rows: readonly FieldRow[], context: FitContext): PopularityState {
  const liked = rows
    .map((row, position) => ({ id: row.id, likes: context.likes[position]! }))
    .filter(({ likes }) => likes > 0)
    .sort((a, b) => b.likes - a.likes || (a.id < b.id ? -1 : 1));
  return {
    ...fitStandard(Float64Array.from(liked, ({ likes }) => Math.log1p(likes))),
    ids: liked.map(({ id }) => id),
    likes: liked.map(({ likes }) => likes),
  };
}

// Made by the first row that is encoded, for all encoders: viewers alone need none.
const likesOf = new WeakMap<PopularityState, ReadonlyMap<string, number>>();

function likesById(state: PopularityState): ReadonlyMap<string, number> {
  let likes = likesOf.get(state);
  if (likes === undefined) {
    likes = new Map(state.ids.map((id, position) => [id, state.likes[position]!]));
    likesOf.set(state, likes);
  }
  return likes;
}

/**
 * Two columns: the standardised log count and the missing flag.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @returns The encoder.
 */
export function popularityEncoder(feature: PopularityFeature, state: PopularityState): DenseEncoder {
  return {
    kind: "dense",
    width: 2,
    unseen: [0, 1],
    encode(row, out, offset) {
      const likes = likesById(state).get(row.id);
      writeStandard(state, Math.log1p(likes ?? Number.NaN), { out, offset, clip: feature.clip });
    },
  };
}
