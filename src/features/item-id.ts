import * as z from "zod/mini";
import { featureName, vocabularyOptions } from "./declaration.ts";
import type { BagEncoder, FieldRow, FitContext } from "./encoder.ts";
import { fitVocabulary, type VocabularyState, vocabularyRows } from "./vocabulary.ts";

/** The item itself. An item without positives in the fit data has no entry: only its content speaks for it. */
export const itemIdFeature = z.strictObject({
  kind: z.literal("id"),
  name: featureName,
  /** Positives an item needs for a row of its own. */
  minCount: z._default(z.int().check(z.minimum(1)), 1),
  /** The items with the most positives are kept; 20,000 keeps a 768-d bundle under 50 MB. */
  maxVocabulary: vocabularyOptions.maxVocabulary,
});

/** See {@link itemIdFeature}. */
export type ItemIdFeature = z.output<typeof itemIdFeature>;

/**
 * Keeps the items with the most positives.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @param context How many positives each row has.
 * @returns The state.
 */
export function fitItemId(
  feature: ItemIdFeature,
  rows: readonly FieldRow[],
  context: FitContext,
): VocabularyState {
  const counts = new Map(rows.map((row, position) => [row.id, context.positives[position]!]));
  return fitVocabulary(counts, feature);
}

/**
 * One entry of weight 1 for an item known at fitting, none for any other.
 *
 * @param state As fitted.
 * @returns The encoder.
 */
export function itemIdEncoder(state: VocabularyState): BagEncoder {
  const rows = vocabularyRows(state);
  return {
    kind: "bag",
    vocabulary: state.words.length + 1,
    role: "id",
    encode(row, out) {
      const index = rows.get(row.id);
      if (index !== undefined) out.push(index, 1);
    },
  };
}
