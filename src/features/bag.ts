import * as z from "zod/mini";
import { featureName, fieldName, vocabularyOptions } from "./declaration.ts";
import type { BagEncoder, FieldRow } from "./encoder.ts";
import { categoriesOf, rawValue } from "./field-value.ts";
import { fitVocabulary, type VocabularyState, vocabularyRows } from "./vocabulary.ts";

/** Many categories at once: genres, performers, tags. Unknown ones are row 0, and so is a row that has none. */
export const bagFeature = z.strictObject({
  kind: z.literal("bag"),
  name: featureName,
  field: fieldName,
  ...vocabularyOptions,
});

/** See {@link bagFeature}. */
export type BagFeature = z.output<typeof bagFeature>;

/**
 * Counts the categories of a multi-valued field, each once per row.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @returns The state.
 */
export function fitBag(feature: BagFeature, rows: readonly FieldRow[]): VocabularyState {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const category of categoriesOf(rawValue(row, feature.field))) {
      counts.set(category, (counts.get(category) ?? 0) + 1);
    }
  }
  return fitVocabulary(counts, feature);
}

/**
 * An entry of weight 1/√n for each of a row's n categories, so that the sum's length does not grow with n; the
 * unknown ones share one entry.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @returns The encoder.
 */
export function bagEncoder(feature: BagFeature, state: VocabularyState): BagEncoder {
  const rows = vocabularyRows(state);
  return {
    kind: "bag",
    vocabulary: state.words.length + 1,
    role: "content",
    encode(row, out) {
      const categories = categoriesOf(rawValue(row, feature.field));
      const weight = 1 / Math.sqrt(categories.length);
      let unknown = 0;
      for (const category of categories) {
        const index = rows.get(category);
        if (index === undefined) unknown++;
        else out.push(index, weight);
      }
      if (categories.length === 0) out.push(0, 1);
      else if (unknown > 0) out.push(0, unknown * weight);
    },
  };
}
