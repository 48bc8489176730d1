import type { EvaluationReport, ModelReport } from "../report-data.ts";

/**
 * The few metrics that are shown first: what the protocol is usually judged by, at the cuts that were asked for.
 *
 * @param report What was measured.
 * @returns Metric names, the most important first.
 */
export function headlineMetrics(report: Pick<EvaluationReport, "protocol" | "ks">): readonly string[] {
  const { ks, protocol } = report;
  const first = ks[0] ?? 10;
  const last = ks.at(-1) ?? first;
  const wanted =
    protocol === "last"
      ? [`ndcg@${first}`, `hr@${first}`, `ndcg@${last}`, `hr@${last}`, "mrr"]
      : [
          `ndcg@${first}`,
          `ndcg@${last}`,
          ...ks.slice(1, 3).map((k) => `recall@${k}`),
          `precision@${first}`,
          "mrr",
        ];
  return [...new Set([...wanted, "auc", `coverage@${first}`])];
}

/**
 * How a metric is written for people.
 *
 * @param name For example `ndcg@10`.
 * @returns For example `NDCG@10`.
 */
export function metricLabel(name: string): string {
  const [kind = "", k] = name.split("@");
  const words: Readonly<Record<string, string>> = {
    ndcg: "NDCG",
    recall: "R",
    precision: "P",
    hr: "HR",
    mrr: "MRR",
    map: "MAP",
    auc: "AUC",
    "auc-pr": "AUC-PR",
    coverage: "coverage",
    diversity: "diversity",
    ild: "ILD",
    novelty: "novelty",
  };
  const label = words[kind] ?? kind;
  return k === undefined ? label : `${label}@${k}`;
}

/**
 * Three digits after the point, without the zero before it.
 *
 * @param value A metric.
 * @returns For example `.449` or `2.617`.
 */
export function metricText(value: number): string {
  return value.toFixed(3).replace(/^(-?)0\./, "$1.");
}

/**
 * Which models are best by a metric; several where they tie as it is printed.
 *
 * @param report What was measured.
 * @param metric A metric of which more is better.
 * @returns Names.
 */
export function bestModels(
  report: { readonly models: readonly Pick<ModelReport, "name" | "metrics">[] },
  metric: string,
): ReadonlySet<string> {
  const best = Math.max(...report.models.map(({ metrics }) => metrics[metric] ?? Number.NEGATIVE_INFINITY));
  return new Set(
    report.models
      .filter(
        ({ metrics }) => metrics[metric] !== undefined && metricText(metrics[metric]) === metricText(best),
      )
      .map(({ name }) => name),
  );
}
