import { FutagoError, type Progress, silentProgress } from "../base/mod.ts";
import { sliceHistories } from "./evaluation-set.ts";
import { ndcgAt } from "./metrics/ndcg.ts";
import { createRanker, type UserRanking } from "./ranking.ts";
import type { Scorer } from "./scorer.ts";
import type { EvaluationSet } from "./split.ts";

/** Options of {@link rankAll}. */
export interface RankAllOptions {
  /** Items that the scorer scores. */
  readonly itemCount: number;
  /** Best items to keep per viewer. */
  readonly topK: number;
  /** Viewers scored in one go. @default 512 */
  readonly batchUsers?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Scores and ranks every viewer of a set, in batches.
 *
 * @param scorer What ranks.
 * @param set Whom and what it ranks.
 * @param options Sizes.
 * @returns One ranking per viewer, and how long the scoring alone took.
 * @throws RangeError When the scorer gives a wrong number of scores, or one that is not finite.
 * @throws FutagoError `cancelled` when the signal is aborted.
 */
export async function rankAll(
  scorer: Scorer,
  set: EvaluationSet,
  options: RankAllOptions,
): Promise<{ rankings: UserRanking[]; seconds: number }> {
  const { itemCount, topK, batchUsers = 512, progress = silentProgress, signal } = options;
  const ranker = createRanker(set, { itemCount, topK });
  const rankings: UserRanking[] = [];
  const viewers = set.people.length;
  const task = progress.start(`Ranking by ${scorer.name}`, viewers);
  let seconds = 0;
  try {
    for (let start = 0; start < viewers; start += batchUsers) {
      if (signal?.aborted)
        throw new FutagoError("cancelled", "Cannot finish the evaluation as it was cancelled");
      const end = Math.min(viewers, start + batchUsers);
      const began = performance.now();
      const scores = await scorer.score(sliceHistories(set.given, start, end));
      seconds += (performance.now() - began) / 1000;
      if (scores.length !== (end - start) * itemCount) {
        throw new RangeError(
          `Cannot rank by "${scorer.name}" as it must give one score per viewer and item, ${(end - start) * itemCount}: current value is ${scores.length}`,
        );
      }
      for (let row = start; row < end; row++) {
        const from = (row - start) * itemCount;
        rankings.push(ranker.rank(row, scores.subarray(from, from + itemCount)));
      }
      task.advance(end - start);
    }
  } finally {
    task.done();
  }
  return { rankings, seconds };
}

/**
 * Mean NDCG@k of one scorer on one set: for choosing by validation.
 *
 * @param scorer What is measured.
 * @param set Usually `split.validation`.
 * @param options Items in all, and the cut.
 * @returns 0 to 1.
 */
export async function meanNdcg(
  scorer: Scorer,
  set: EvaluationSet,
  options: { readonly itemCount: number; readonly k: number },
): Promise<number> {
  const { rankings } = await rankAll(scorer, set, { itemCount: options.itemCount, topK: 0 });
  return rankings.reduce((sum, { ranks }) => sum + ndcgAt(ranks, options.k), 0) / rankings.length;
}
