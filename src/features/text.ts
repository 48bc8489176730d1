import * as z from "zod";
import { featureName, fieldName } from "./declaration.ts";
import type { BagEncoder, FieldRow } from "./encoder.ts";
import { rawValue } from "./field-value.ts";
import { forEachTerm } from "./text-terms.ts";
import { fitVocabulary, vocabularyRows } from "./vocabulary.ts";

/** What the words say: TF-IDF over the most frequent terms. Text without a known term is row 0. */
export const textFeature = z.strictObject({
  kind: z.literal("text"),
  name: featureName,
  /** Read one after the other; `title` is the item's title. */
  fields: z.array(fieldName).min(1).max(20),
  /** Terms with a row of their own. */
  dimensions: z.int().min(1).max(100_000).default(1_000),
  /** Terms in fewer rows of the fit data are left out. */
  minCount: z.int().min(1).default(2),
  /** Terms in more than this share of the rows are left out: they tell nothing apart. */
  maxShare: z.number().positive().max(1).default(0.5),
});

/** See {@link textFeature}. */
export type TextFeature = z.output<typeof textFeature>;

/** Terms and what each weighs. */
export interface TextState {
  readonly words: readonly string[];
  /** Of each word: ln((1 + rows) / (1 + rows with the word)) + 1, to four decimals. */
  readonly idf: readonly number[];
}

function forEachTermOf(feature: TextFeature, row: FieldRow, visit: (term: string) => void): void {
  for (const field of feature.fields) {
    const value = rawValue(row, field);
    if (typeof value === "string") forEachTerm(value, visit);
    else if (Array.isArray(value)) {
      for (const part of value.slice(0, 100)) if (typeof part === "string") forEachTerm(part, visit);
    }
  }
}

/**
 * Counts in how many rows each term occurs, and keeps the most frequent.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @returns The state.
 */
export function fitText(feature: TextFeature, rows: readonly FieldRow[]): TextState {
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  for (const row of rows) {
    seen.clear();
    forEachTermOf(feature, row, (term) => seen.add(term));
    for (const term of seen) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  // Below 20 rows a share says nothing: one row of two would already be half.
  const most = rows.length < 20 ? rows.length : rows.length * feature.maxShare;
  for (const [term, count] of counts) if (count > most) counts.delete(term);
  const { words } = fitVocabulary(counts, { minCount: feature.minCount, maxVocabulary: feature.dimensions });
  const idf = words.map((word) => {
    const exact = Math.log((1 + rows.length) / (1 + counts.get(word)!)) + 1;
    return Math.round(exact * 10_000) / 10_000;
  });
  return { words, idf };
}

/**
 * Entries (1 + ln tf) · idf, scaled to length 1.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @returns The encoder.
 */
export function textEncoder(feature: TextFeature, state: TextState): BagEncoder {
  const rows = vocabularyRows(state);
  const counts = new Int32Array(state.words.length + 1);
  const touched: number[] = [];
  const count = (term: string): void => {
    const index = rows.get(term);
    if (index === undefined) return;
    if (counts[index] === 0) touched.push(index);
    counts[index]!++;
  };
  return {
    kind: "bag",
    vocabulary: state.words.length + 1,
    role: "content",
    encode(row, out) {
      forEachTermOf(feature, row, count);
      if (touched.length === 0) {
        out.push(0, 1);
        return;
      }
      let squares = 0;
      for (const index of touched) squares += weigh(counts[index]!, state.idf[index - 1]!) ** 2;
      const scale = 1 / Math.sqrt(squares);
      for (const index of touched) {
        out.push(index, weigh(counts[index]!, state.idf[index - 1]!) * scale);
        counts[index] = 0;
      }
      touched.length = 0;
    },
  };
}

function weigh(count: number, idf: number): number {
  return (1 + Math.log(count)) * idf;
}
