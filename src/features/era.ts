import * as z from "zod";
import { featureName, fieldName, vocabularyOptions } from "./declaration.ts";
import type { BagEncoder, FieldRow } from "./encoder.ts";
import { numberOf, rawValue } from "./field-value.ts";
import { fitVocabulary, type VocabularyState, vocabularyRows } from "./vocabulary.ts";

/** The span of years an item comes from: by a field that holds a year, else by its release. Missing is row 0. */
export const eraFeature = z.strictObject({
  kind: z.literal("era"),
  name: featureName,
  /** A field with a calendar year. */
  field: fieldName.default("year"),
  /** Length of a span. */
  years: z.int().min(1).max(100).default(10),
  ...vocabularyOptions,
});

/** See {@link eraFeature}. */
export type EraFeature = z.output<typeof eraFeature>;

function read(feature: EraFeature, row: FieldRow): string | undefined {
  let year = numberOf(rawValue(row, feature.field));
  if (Number.isNaN(year)) year = new Date(numberOf(row.releasedAt)).getUTCFullYear();
  if (Number.isNaN(year)) return undefined;
  return String(Math.floor(year / feature.years) * feature.years);
}

/**
 * Counts the spans that occur.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @returns The state; words are the first years of spans.
 */
export function fitEra(feature: EraFeature, rows: readonly FieldRow[]): VocabularyState {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const era = read(feature, row);
    if (era !== undefined) counts.set(era, (counts.get(era) ?? 0) + 1);
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
export function eraEncoder(feature: EraFeature, state: VocabularyState): BagEncoder {
  const rows = vocabularyRows(state);
  return {
    kind: "bag",
    vocabulary: state.words.length + 1,
    role: "content",
    encode(row, out) {
      const era = read(feature, row);
      out.push(era === undefined ? 0 : (rows.get(era) ?? 0), 1);
    },
  };
}
