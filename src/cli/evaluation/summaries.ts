import type { EvaluationReport, PooledReport } from "../../evaluation/mod.ts";
import type { SeedEvaluation } from "./evaluate-seed.ts";

/**
 * One evaluation in the words that others rely on.
 *
 * @param evaluation What was measured.
 * @returns Plain data for `--json`.
 */
export function summaryOf({ report, training, historyCurve }: SeedEvaluation): object {
  return {
    ...question(report),
    models: modelsOf(report),
    trainSeconds: seconds(training?.seconds),
    peakRssMb: peakRssMb(),
    ...(historyCurve === undefined ? {} : { historyCurve }),
    ...(report.importance === undefined ? {} : { importance: report.importance }),
  };
}

/**
 * Evaluations of several seeds: the words of {@link summaryOf} with pooled figures, differences to the baselines with
 * their intervals, and each seed's own figures.
 *
 * @param pooled All together.
 * @param evaluations By seed.
 * @returns Plain data for `--json`.
 */
export function pooledSummaryOf(pooled: PooledReport, evaluations: readonly SeedEvaluation[]): object {
  const total = evaluations.reduce((sum, { training }) => sum + (training?.seconds ?? 0), 0);
  return {
    ...question(evaluations[0]!.report),
    testUsers: pooled.testUsers,
    models: pooled.models.map(({ name, metrics, ci95 }) => ({ name, metrics, ci95 })),
    differences: pooled.differences,
    trainSeconds: seconds(total / evaluations.length),
    peakRssMb: peakRssMb(),
    seeds: evaluations.map(({ report, training, historyCurve }) => ({
      seed: report.seed,
      protocolHash: report.protocolHash,
      models: modelsOf(report),
      ...(training === undefined ? {} : { training: { ...training, seconds: seconds(training.seconds) } }),
      ...(historyCurve === undefined ? {} : { historyCurve }),
    })),
  };
}

/**
 * The most memory this process has held, baselines included.
 *
 * @returns Megabytes.
 */
export function peakRssMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

function question({ protocol, protocolHash, users, items, interactions }: EvaluationReport): object {
  return { protocol, protocolHash, users, items, interactions };
}

function modelsOf({ models }: EvaluationReport): readonly object[] {
  return models.map(({ name, metrics, ci95, chosen }) => ({
    name,
    metrics,
    ci95,
    ...(chosen === undefined ? {} : { chosen }),
  }));
}

function seconds(value = 0): number {
  return Math.round(value * 10) / 10;
}
