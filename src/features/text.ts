import * as z from "zod/mini";
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
  fields: z.array(fieldName).check(z.minLength(1), z.maxLength(20)),
  /**
   * `fitted`: the most frequent terms have a row each. `hashed`: every term falls into one of `dimensions` rows, also
   * terms that come after fitting, at the price of collisions.
   */
  vocabulary: z._default(z.enum(["fitted", "hashed"]), "fitted"),
  /** Rows for terms. */
  dimensions: z._default(z.int().check(z.minimum(1), z.maximum(100_000)), 1_000),
  /** Terms in fewer rows of the fit data are left out, unless hashed. */
  minCount: z._default(z.int().check(z.minimum(1)), 2),
  /** Terms in more than this share of the rows are left out: they tell nothing apart. */
  maxShare: z._default(z.number().check(z.positive(), z.maximum(1)), 0.5),
});

/** See {@link textFeature}. */
export type TextFeature = z.output<typeof textFeature>;

/** Terms and what each weighs. */
export interface TextState {
  /** Term of each table row from 1 on; empty where terms are hashed. */
  readonly words: readonly string[];
  /** Of each table row from 1 on: ln((1 + rows) / (1 + rows with the term)) + 1, to four decimals. */
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
 * Counts in how many rows each term occurs, and keeps the most frequent (or, hashed, counts by table row).
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @returns The state.
 */
export function fitText(feature: TextFeature, rows: readonly FieldRow[]): TextState {
  // Below 20 rows a share says nothing: one row of two would already be half.
  const most = rows.length < 20 ? rows.length : rows.length * feature.maxShare;
  const idfOf = (count: number): number =>
    Math.round((Math.log((1 + rows.length) / (1 + count)) + 1) * 10_000) / 10_000;
  if (feature.vocabulary === "hashed") {
    const counts = countRows(feature, rows, (term) => hashedRow(term, feature.dimensions));
    // A weight of 0 leaves out what is too common to tell anything.
    const idf = Array.from({ length: feature.dimensions }, (_, bucket) => {
      const count = counts.get(bucket + 1) ?? 0;
      return count > most ? 0 : idfOf(count);
    });
    return { words: [], idf };
  }
  const counts = countRows(feature, rows, (term) => term);
  for (const [term, count] of counts) if (count > most) counts.delete(term);
  const { words } = fitVocabulary(counts, { minCount: feature.minCount, maxVocabulary: feature.dimensions });
  return { words, idf: words.map((word) => idfOf(counts.get(word)!)) };
}

function countRows<Key>(
  feature: TextFeature,
  rows: readonly FieldRow[],
  keyOf: (term: string) => Key,
): Map<Key, number> {
  const counts = new Map<Key, number>();
  const seen = new Set<Key>();
  for (const row of rows) {
    seen.clear();
    forEachTermOf(feature, row, (term) => seen.add(keyOf(term)));
    for (const key of seen) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

// FNV-1a over UTF-16 code units.
function hashedRow(term: string, dimensions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < term.length; i++) hash = Math.imul(hash ^ term.charCodeAt(i), 0x01000193);
  return 1 + ((hash >>> 0) % dimensions);
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
  const hashed = feature.vocabulary === "hashed";
  const counts = new Int32Array(state.idf.length + 1);
  const touched: number[] = [];
  const count = (term: string): void => {
    const index = hashed ? hashedRow(term, feature.dimensions) : rows.get(term);
    if (index === undefined || state.idf[index - 1] === 0) return;
    if (counts[index] === 0) touched.push(index);
    counts[index]!++;
  };
  const weigh = (index: number): number => (1 + Math.log(counts[index]!)) * state.idf[index - 1]!;
  return {
    kind: "bag",
    vocabulary: state.idf.length + 1,
    role: "content",
    encode(row, out) {
      forEachTermOf(feature, row, count);
      let squares = 0;
      for (const index of touched) squares += weigh(index) ** 2;
      for (const index of touched) out.push(index, weigh(index) / Math.sqrt(squares));
      if (touched.length === 0) out.push(0, 1);
      for (const index of touched) counts[index] = 0;
      touched.length = 0;
    },
  };
}
