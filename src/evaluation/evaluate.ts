import { createRandom, type Progress } from "../base/mod.ts";
import { type ContentVectors, genreVectors } from "./content-vectors.ts";
import { likedItems } from "./liked-items.ts";
import { coverageAt } from "./metrics/coverage.ts";
import { genresOf } from "./metrics/diversity.ts";
import { selfInformation } from "./metrics/novelty.ts";
import { type MetricContext, type UserMetric, userMetrics } from "./metrics/user-metrics.ts";
import { rankAll } from "./rank-all.ts";
import type { UserRanking } from "./ranking.ts";
import type { EvaluationReport, ModelReport, Segment, TrainingCurve } from "./report-data.ts";
import type { Scorer } from "./scorer.ts";
import { segmentMetrics, segmentsOf } from "./segments.ts";
import type { Split } from "./split.ts";
import { compareModels, intervalsOf, type ViewerFigures } from "./viewer-figures.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** What is compared with; each model's paired difference to each of them is reported. @default [] */
  readonly baselines?: readonly Scorer[];
  /** Cuts, from 1. @default [10, 20, 50, 100] */
  readonly ks?: readonly number[];
  /** Bootstrap resamples. @default 1000 */
  readonly resamples?: number;
  /** Viewers scored in one go. @default 512 */
  readonly batchUsers?: number;
  /** What intra-list diversity is measured by. @default genres, where items have any */
  readonly content?: ContentVectors;
  /** Shown in the HTML report. @default [] */
  readonly curves?: readonly TrainingCurve[];
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** An evaluation with what it was summed up from. */
export interface DetailedEvaluation {
  readonly report: EvaluationReport;
  readonly figures: ViewerFigures;
}

/**
 * Ranks the candidates of every test viewer by every model, measures, and compares.
 *
 * @param split Whose test part is read; do this once, when everything is chosen.
 * @param models What is evaluated.
 * @param options Baselines, cuts, resamples.
 * @returns The report; the same split, scores and options give the same report but for `scoreSeconds`.
 * @throws RangeError When a scorer gives a wrong number of scores, or one that is not finite.
 * @throws FutagoError `cancelled` when the signal is aborted.
 *
 * @example
 * ```ts
 * import { evaluate, fitPopularity, interactionsOf, splitStrong } from "futago";
 * const split = splitStrong(dataset, { seed: 42 });
 * const report = await evaluate(split, [fitPopularity(interactionsOf(split.train))]);
 * report.models[0]?.metrics["ndcg@10"];
 * ```
 */
export async function evaluate(
  split: Split,
  models: readonly Scorer[],
  options: EvaluateOptions = {},
): Promise<EvaluationReport> {
  return (await evaluateInDetail(split, models, options)).report;
}

/**
 * {@link evaluate} that also gives what was measured of every viewer, for {@link poolEvaluations}.
 *
 * @param split Whose test part is read.
 * @param models What is evaluated.
 * @param options Baselines, cuts, resamples.
 * @returns The report, and the figures it was summed up from.
 * @throws RangeError When a scorer gives a wrong number of scores, or one that is not finite.
 * @throws FutagoError `cancelled` when the signal is aborted.
 */
export async function evaluateInDetail(
  split: Split,
  models: readonly Scorer[],
  options: EvaluateOptions = {},
): Promise<DetailedEvaluation> {
  const { baselines = [], resamples = 1000, curves = [] } = options;
  const ks = [...(options.ks ?? [10, 20, 50, 100])].sort((a, b) => a - b);
  const trainLikes = new Int32Array(split.items.length);
  const trained = likedItems(split.train);
  for (const item of trained.items) trainLikes[item]!++;
  const genres = genresOf(split.items);
  const hasGenres = genres.some((own) => own.length > 0);
  const content = options.content ?? (hasGenres ? genreVectors(split.items) : undefined);
  const metrics = userMetrics(ks, { genres: hasGenres, content: content !== undefined });
  const context: MetricContext = {
    recallDivisor: split.recallDivisor,
    genres: hasGenres ? genres : undefined,
    content,
    information: selfInformation(trainLikes, trained.offsets.length - 1),
  };
  const segments = segmentsOf(split, trainLikes);
  const candidates = split.test.candidates?.length ?? split.items.length;

  const scorers = [...models, ...baselines];
  const viewers = split.test.people.length;
  const columns = scorers.length * metrics.length;
  const values = new Float64Array(viewers * columns);
  const drafts: Omit<ModelReport, "ci95">[] = [];
  for (const [position, scorer] of scorers.entries()) {
    const { rankings, seconds } = await rankAll(scorer, split.test, {
      ...options,
      itemCount: split.items.length,
      topK: ks.at(-1) ?? 0,
    });
    const means = measureAll(rankings, metrics, context, {
      values,
      columns,
      first: position * metrics.length,
    });
    for (const k of ks) {
      means[`coverage@${k}`] = coverageAt(
        rankings.map(({ top }) => top),
        { k, candidates },
      );
    }
    drafts.push({
      name: scorer.name,
      role: position < models.length ? "model" : "baseline",
      metrics: means,
      ...(scorer.chosen === undefined ? {} : { chosen: scorer.chosen }),
      segments: segments.map((rule) => ({
        segment: rule.name,
        metrics: segmentMetrics(rankings, rule, { ks, recallDivisor: split.recallDivisor }),
      })),
      scoreSeconds: seconds,
    });
  }
  const figures: ViewerFigures = {
    models: drafts.map(({ name, role }) => ({ name, role })),
    metrics: metrics.map(({ name }) => name),
    people: split.test.people,
    values,
  };
  const random = createRandom(split.seed).fork("bootstrap");
  const { estimates, differences } = compareModels([figures], { resamples, random });
  const report: EvaluationReport = {
    kind: "evaluation-report",
    protocol: split.protocol,
    protocolHash: split.hash,
    description: split.description,
    parameters: split.parameters,
    seed: split.seed,
    recallDivisor: split.recallDivisor,
    users: split.users,
    items: split.items.length,
    interactions: split.interactions,
    testUsers: viewers,
    candidates,
    ks,
    resamples,
    models: drafts.map((draft, position) => ({ ...draft, ci95: intervalsOf(estimates[position]!) })),
    differences,
    segments: segments.map(
      ({ name, by, viewers: count, held }): Segment => ({ name, by, viewers: count, held }),
    ),
    curves,
  };
  return { report, figures };
}

function measureAll(
  rankings: readonly UserRanking[],
  metrics: readonly UserMetric[],
  context: MetricContext,
  into: { readonly values: Float64Array; readonly columns: number; readonly first: number },
): Record<string, number> {
  const means: Record<string, number> = {};
  for (const [m, metric] of metrics.entries()) {
    let sum = 0;
    for (const [row, ranking] of rankings.entries()) {
      const value = metric.measure(ranking, context);
      into.values[row * into.columns + into.first + m] = value;
      sum += value;
    }
    means[metric.name] = sum / rankings.length;
  }
  return means;
}
