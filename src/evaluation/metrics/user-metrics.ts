import type { ContentVectors } from "../content-vectors.ts";
import type { UserRanking } from "../ranking.ts";
import type { RecallDivisor } from "../split.ts";
import { areaUnderRoc } from "./auc.ts";
import { areaUnderPrecisionRecall } from "./auc-pr.ts";
import { averagePrecision } from "./average-precision.ts";
import { diversityAt } from "./diversity.ts";
import { hitRateAt } from "./hit-rate.ts";
import { intraListDiversityAt } from "./intra-list.ts";
import { ndcgAt } from "./ndcg.ts";
import { noveltyAt } from "./novelty.ts";
import { precisionAt } from "./precision.ts";
import { recallAt } from "./recall.ts";
import { reciprocalRank } from "./reciprocal-rank.ts";

/** What metrics need besides the ranking. */
export interface MetricContext {
  readonly recallDivisor: RecallDivisor;
  /** Genres per item; undefined where no item has any, and diversity is left out. */
  readonly genres: readonly (readonly string[])[] | undefined;
  /** Of every item; undefined where nothing is known of any, and intra-list diversity is left out. */
  readonly content: ContentVectors | undefined;
  /** Bits per item. */
  readonly information: Float64Array;
}

/** A metric that has a value for every viewer. */
export interface UserMetric {
  /** For example `ndcg@10`. */
  readonly name: string;
  measure(ranking: UserRanking, context: MetricContext): number;
}

/**
 * Every metric per viewer, in the order of reports.
 *
 * @param ks Cuts, ascending.
 * @param options Whether the catalogue has genres, and content.
 * @returns The metrics.
 */
export function userMetrics(
  ks: readonly number[],
  options: { readonly genres: boolean; readonly content: boolean },
): UserMetric[] {
  type AtK = [string, (ranking: UserRanking, k: number, context: MetricContext) => number];
  const atK: AtK[] = [
    ["ndcg", ({ ranks }, k) => ndcgAt(ranks, k)],
    ["recall", ({ ranks }, k, { recallDivisor }) => recallAt(ranks, k, recallDivisor)],
    ["precision", ({ ranks }, k) => precisionAt(ranks, k)],
    ["hr", ({ ranks }, k) => hitRateAt(ranks, k)],
  ];
  const beyond: AtK[] = [["novelty", ({ top }, k, { information }) => noveltyAt(top, k, information)]];
  if (options.content) {
    beyond.unshift(["ild", ({ top }, k, { content }) => intraListDiversityAt(top, k, content!)]);
  }
  if (options.genres) {
    beyond.unshift(["diversity", ({ top }, k, { genres }) => diversityAt(top, k, genres!)]);
  }
  const spread = (metrics: AtK[]): UserMetric[] =>
    metrics.flatMap(([name, measure]) =>
      ks.map((k) => ({
        name: `${name}@${k}`,
        measure: (ranking: UserRanking, context: MetricContext) => measure(ranking, k, context),
      })),
    );
  return [
    ...spread(atK),
    { name: "mrr", measure: ({ ranks }) => reciprocalRank(ranks) },
    { name: "map", measure: ({ ranks }) => averagePrecision(ranks) },
    { name: "auc", measure: ({ ranks, candidates }) => areaUnderRoc(ranks, candidates) },
    { name: "auc-pr", measure: ({ ranks }) => areaUnderPrecisionRecall(ranks) },
    ...spread(beyond),
  ];
}
