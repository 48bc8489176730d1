import { type CandidateGrid, removed } from "./candidate-grid.ts";
import type { CandidateOptions } from "./candidates.ts";
import type { Preferences } from "./positives.ts";

/** How the negatives of one viewer's positives are drawn. */
export interface PairOptions {
  /** One item, by whatever distribution. */
  readonly draw: () => number;
  /** The positives that enter the step, as entries of the preferences. @default all of the viewer's */
  readonly entries?: Int32Array;
  /** What one positive counts beside its weight. @default 1 */
  readonly scale?: number;
}

/** Draws after which a positive goes without one more negative: hardly anything existed when it was taken. */
const most = 100;

/**
 * Negatives of `bce`: for each positive a few of its own, out of what existed when it was taken, as what is yet to come
 * nobody can have passed over. The viewer's own positives and items that did not exist are drawn again. No correction
 * by log q: a negative weighs what its positive does.
 *
 * @param grid Where they are counted.
 * @param preferences What each viewer took.
 * @param options How many, and when items came to be; all are taken to have existed where that is not said.
 * @returns Adds the negatives of a row; undefined for losses that compare with all candidates.
 */
export function pairNegatives(
  grid: CandidateGrid,
  preferences: Preferences,
  options: CandidateOptions,
): ((row: number, user: number, pairs: PairOptions) => void) | undefined {
  const { config, availability } = options;
  if (config.loss !== "bce") return undefined;
  const { offsets, indices, weights } = preferences.positives;
  const nothing = new Float32Array(options.items).fill(removed);
  return (row, user, { draw, entries, scale = 1 }) => {
    grid.fillOffset(row, nothing);
    const from = offsets[user]!;
    const own = new Set(indices.subarray(from, offsets[user + 1]!));
    const chosen = entries ?? Int32Array.from({ length: offsets[user + 1]! - from }, (_, at) => from + at);
    for (const e of chosen) {
      const time = availability?.takenAt[e] ?? Number.POSITIVE_INFINITY;
      for (let n = 0; n < config.bceNegatives; n++) {
        for (let draws = 0; draws < most; draws++) {
          const item = draw();
          if (own.has(item) || (availability?.since[item] ?? Number.NEGATIVE_INFINITY) > time) continue;
          grid.addNegative(row, item, weights[e]! * scale);
          break;
        }
      }
    }
  };
}
