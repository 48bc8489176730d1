import { firstViewers } from "./evaluation-set.ts";
import { ndcgAt } from "./metrics/ndcg.ts";
import { rankAll } from "./rank-all.ts";
import type { Scorer } from "./scorer.ts";
import type { EvaluationSet } from "./split.ts";

/** More would make a choice slower, not better. */
const maxViewers = 1000;

/**
 * What the settings of baselines are chosen by: the mean of NDCG@10 and NDCG@100, so that a choice serves short lists
 * and long ones.
 *
 * @param scorer What is measured.
 * @param validation Its first 1,000 viewers are ranked.
 * @param itemCount Items in all.
 * @returns 0 to 1.
 */
export async function validationQuality(
  scorer: Scorer,
  validation: EvaluationSet,
  itemCount: number,
): Promise<number> {
  const { rankings } = await rankAll(scorer, firstViewers(validation, maxViewers), { itemCount, topK: 0 });
  const sum = rankings.reduce((total, { ranks }) => total + ndcgAt(ranks, 10) + ndcgAt(ranks, 100), 0);
  return sum / (2 * rankings.length);
}
