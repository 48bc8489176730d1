import type { BagEncoder, FieldRow } from "./encoder.ts";
import { fitVocabulary, type VocabularyOptions, type VocabularyState, vocabularyRows } from "./vocabulary.ts";

/** Fits and encodes features of which a row has one category or none. */
export interface OneCategory<F extends VocabularyOptions> {
  /** Counts the categories of the fit data. */
  fit(feature: F, rows: readonly FieldRow[]): VocabularyState;
  /** One entry of weight 1 per row; row 0 for none and for what has no row of its own. */
  encoder(feature: F, state: VocabularyState): BagEncoder;
}

/**
 * What category and era share.
 *
 * @param read The category of a row; undefined where it has none.
 * @returns Fitting and encoding.
 */
export function oneCategory<F extends VocabularyOptions>(
  read: (feature: F, row: FieldRow) => string | undefined,
): OneCategory<F> {
  return {
    fit(feature, rows) {
      const counts = new Map<string, number>();
      for (const row of rows) {
        const category = read(feature, row);
        if (category !== undefined) counts.set(category, (counts.get(category) ?? 0) + 1);
      }
      return fitVocabulary(counts, feature);
    },
    encoder(feature, state) {
      const rows = vocabularyRows(state);
      return {
        kind: "bag",
        vocabulary: state.words.length + 1,
        role: "content",
        encode(row, out) {
          const category = read(feature, row);
          out.push(category === undefined ? 0 : (rows.get(category) ?? 0), 1);
        },
      };
    },
  };
}
