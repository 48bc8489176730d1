import * as z from "zod";
import { featureName, fieldName, vocabularyOptions } from "./declaration.ts";
import type { BagEncoder, FieldRow } from "./encoder.ts";
import { categoryOf, rawValue } from "./field-value.ts";
import { fitVocabulary, type VocabularyState, vocabularyRows } from "./vocabulary.ts";

/** One category out of many: maker, series, age range. A missing or unknown value is row 0. */
export const categoryFeature = z.strictObject({
  kind: z.literal("category"),
  name: featureName,
  field: fieldName,
  ...vocabularyOptions,
});

/** See {@link categoryFeature}. */
export type CategoryFeature = z.output<typeof categoryFeature>;

/**
 * Counts the categories of a field.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @returns The state.
 */
export function fitCategory(feature: CategoryFeature, rows: readonly FieldRow[]): VocabularyState {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const category = categoryOf(rawValue(row, feature.field));
    if (category !== undefined) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return fitVocabulary(counts, feature);
}

/**
 * One entry of weight 1 per row.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @returns The encoder.
 */
export function categoryEncoder(feature: CategoryFeature, state: VocabularyState): BagEncoder {
  const rows = vocabularyRows(state);
  return {
    kind: "bag",
    vocabulary: state.words.length + 1,
    role: "content",
    encode(row, out) {
      const category = categoryOf(rawValue(row, feature.field));
      out.push(category === undefined ? 0 : (rows.get(category) ?? 0), 1);
    },
  };
}
