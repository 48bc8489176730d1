import type { Neighbour } from "../embeddings/mod.ts";
import type { Reason } from "./reasons/reasons.ts";

/** Who answered: the trained towers, the version before them, the linear model, or the most liked. */
export type AnswerSource = "two_tower" | "previous_version" | "linear" | "popularity";

/** One recommended item. */
export interface Recommendation {
  readonly itemId: string;
  /**
   * Larger is better; comparable only within one answer: an inner product (-1 to 1) of the towers, a sum of weights
   * of the linear model, weighted likes of popularity. What is only there so that as many come as were asked for has
   * the lowest score there is: -1 behind the towers, 0 behind the linear model.
   */
  readonly score: number;
  /** Counted from 1. */
  readonly rank: number;
  /** What it is worth by the formula; present where that ranked it. */
  readonly value?: number;
  /** Here so that it is seen, being new: the answer gives a share of its places to such items. */
  readonly explored?: true;
  /** What speaks for it, the weightiest first; present where it was asked for and there is an answer to it. */
  readonly reasons?: readonly Reason[];
}

/** Recommendations and where they come from. */
export interface Answer {
  /** Best first; where a formula ranks or an answer is to vary, the best choice first, so that scores need not fall. */
  readonly recommendations: readonly Recommendation[];
  /** The version that served; null where none is active, or which one is cannot be asked. */
  readonly modelVersion: string | null;
  readonly source: AnswerSource;
  /**
   * From memory, as the database gave no answer: a few minutes old, less what this process knows the viewer to have
   * seen or refused, and without knowing what they have blocked.
   */
  readonly stale?: true;
}

/**
 * Numbers what was found.
 *
 * @param found Best first.
 * @returns The same with ranks.
 */
export function ranked(
  found: readonly (Neighbour & Pick<Recommendation, "value" | "explored">)[],
): readonly Recommendation[] {
  return found.map(({ itemId, score, value, explored }, i) => ({
    ...{ itemId, score, rank: i + 1 },
    ...(value !== undefined && { value }),
    ...(explored && { explored }),
  }));
}

/**
 * Sorts by score, ties by id, so that the same scores give the same order everywhere.
 *
 * @param scored In any order.
 * @returns A sorted copy.
 */
export function bestFirst(scored: readonly Neighbour[]): Neighbour[] {
  return scored.toSorted((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
}
