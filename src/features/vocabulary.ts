/** Words a table has rows for: word `i` has row `i + 1`, and row 0 is "unknown". */
export interface VocabularyState {
  /** Most frequent first, then by code unit, so that equal data gives equal files. */
  readonly words: readonly string[];
}

/** Which words get a row of their own. */
export interface VocabularyOptions {
  readonly minCount: number;
  readonly maxVocabulary: number;
}

/**
 * Keeps the most frequent words.
 *
 * @param counts How often each word occurs.
 * @param options Rarer than `minCount` is left out; `maxVocabulary` words are kept at most.
 * @returns The state.
 */
export function fitVocabulary(
  counts: ReadonlyMap<string, number>,
  options: VocabularyOptions,
): VocabularyState {
  const kept = [...counts].filter(([, count]) => count >= options.minCount);
  kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : a > b ? 1 : 0));
  return { words: kept.slice(0, options.maxVocabulary).map(([word]) => word) };
}

const rowsOf = new WeakMap<VocabularyState, ReadonlyMap<string, number>>();

/**
 * Finds the row of a word. Found out once for a state, which layouts, encoders of items and encoders of users all ask for.
 *
 * @param state As fitted.
 * @returns Row by word; absent words have none.
 */
export function vocabularyRows(state: VocabularyState): ReadonlyMap<string, number> {
  let rows = rowsOf.get(state);
  if (rows === undefined) {
    rows = new Map(state.words.map((word, position) => [word, position + 1]));
    rowsOf.set(state, rows);
  }
  return rows;
}
