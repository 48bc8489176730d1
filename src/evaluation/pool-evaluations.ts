import { createRandom } from "../base/mod.ts";
import type { DetailedEvaluation } from "./evaluate.ts";
import type { ModelReport, PairedDifference } from "./report-data.ts";
import type { ProtocolName } from "./split.ts";
import { compareModels, intervalsOf } from "./viewer-figures.ts";

/** Evaluations of several seeds as one. */
export interface PooledReport {
  readonly kind: "pooled-report";
  readonly protocol: ProtocolName;
  readonly seeds: readonly number[];
  /** Of each seed. */
  readonly protocolHashes: readonly string[];
  /** Rows that were tested: a person who is tested under two seeds counts twice, and is drawn as one. */
  readonly testUsers: number;
  /** Means over all tested viewers of all seeds; coverage is the mean over seeds. */
  readonly models: readonly Pick<ModelReport, "name" | "role" | "metrics" | "ci95">[];
  readonly differences: readonly PairedDifference[];
}

/**
 * Pools evaluations of the same models under several seeds of one protocol: which viewers are drawn moves every model
 * by as much as models differ, and so does the seed of a training.
 *
 * @param evaluations One per seed, of the same dataset, models and metrics.
 * @param options Bootstrap resamples.
 * @returns Means and paired differences over all viewers of all seeds.
 * @throws RangeError When there is none, or protocols or models differ.
 *
 * @example
 * ```ts
 * import { evaluateInDetail, fitPopularity, interactionsOf, poolEvaluations, splitStrong } from "futago";
 * const parts = [];
 * for (const seed of [42, 1, 2]) {
 *   const split = splitStrong(dataset, { seed });
 *   parts.push(await evaluateInDetail(split, [fitPopularity(interactionsOf(split.train))]));
 * }
 * poolEvaluations(parts).models[0]?.ci95["ndcg@10"];
 * ```
 */
export function poolEvaluations(
  evaluations: readonly DetailedEvaluation[],
  options: { readonly resamples?: number } = {},
): PooledReport {
  const kinds = new Set(
    evaluations.map(({ report, figures }) =>
      JSON.stringify([report.protocol, figures.models, figures.metrics]),
    ),
  );
  if (kinds.size !== 1) {
    throw new RangeError(
      `Cannot pool evaluations as they must be of one protocol, the same models and metrics: current value is ${kinds.size} kinds`,
    );
  }
  const [first] = evaluations;
  const reports = evaluations.map(({ report }) => report);
  const parts = evaluations.map(({ figures }) => figures);
  const random = createRandom(first!.report.seed).fork("pooled-bootstrap");
  const compared = compareModels(parts, { resamples: options.resamples ?? 1000, random });
  return {
    kind: "pooled-report",
    protocol: first!.report.protocol,
    seeds: reports.map(({ seed }) => seed),
    protocolHashes: reports.map(({ protocolHash }) => protocolHash),
    testUsers: parts.reduce((sum, { people }) => sum + people.length, 0),
    models: first!.figures.models.map(({ name, role }, m) => {
      const estimates = compared.estimates[m]!;
      const metrics = Object.keys(reports[0]!.models[m]!.metrics).map((metric) => {
        const overSeeds = reports.reduce((sum, report) => sum + report.models[m]!.metrics[metric]!, 0);
        return [metric, estimates[metric]?.mean ?? overSeeds / reports.length] as const;
      });
      return { name, role, metrics: Object.fromEntries(metrics), ci95: intervalsOf(estimates) };
    }),
    differences: compared.differences,
  };
}
