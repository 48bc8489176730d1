import type { Histories } from "../features/mod.ts";

/**
 * A model as the evaluator sees it: given what viewers did, a score for every item of the training catalogue. Towers
 * and baselines alike implement it, so that all are ranked by the same code on the same split.
 */
export interface Scorer {
  readonly name: string;
  /** What was chosen for it by validation, and the validation figure it was chosen by; for the report. */
  readonly chosen?: Readonly<Record<string, number>>;
  /**
   * Scores whole rows.
   *
   * @param histories Given events only; `item` holds dataset item indices.
   * @returns users × items, row-major; larger is better; finite.
   */
  score(histories: Histories): Promise<Float32Array>;
}
