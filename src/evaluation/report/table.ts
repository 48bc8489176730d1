import type { HistoryCurve } from "../history-curve.ts";
import type { PooledReport } from "../pool-evaluations.ts";
import type { EvaluationReport, ModelReport, PairedDifference } from "../report-data.ts";
import { bestModels, headlineMetrics, metricLabel, metricText } from "./headline.ts";

/**
 * A report for the terminal: the headline metrics with half the width of their 95 % interval, `*` on the best of each
 * column, and the model's paired differences.
 *
 * @param report What was measured.
 * @returns Lines.
 */
export function renderReportTable(report: EvaluationReport): readonly string[] {
  const names = headlineMetrics(report);
  return [
    `Protocol ${report.protocol}, hash ${report.protocolHash.slice(0, 12)}: ${report.description}`,
    `${report.users} people, ${report.items} items, ${report.interactions} likes; ${report.testUsers} viewers tested on ${report.candidates} items; recall divided by ${report.recallDivisor}`,
    "",
    ...figureLines(report.models, names),
    "",
    ...differenceLines(report.differences, names[0]!),
  ];
}

/**
 * The pooled figures of several seeds, as {@link renderReportTable} shows those of one.
 *
 * @param pooled What was measured.
 * @param ks The cuts of the reports that were pooled.
 * @returns Lines.
 */
export function renderPooledTable(pooled: PooledReport, ks: readonly number[]): readonly string[] {
  const names = headlineMetrics({ protocol: pooled.protocol, ks });
  return [
    `Seeds ${pooled.seeds.join(", ")} together: ${pooled.testUsers} viewers; intervals by bootstrap over people`,
    "",
    ...figureLines(pooled.models, names),
    "",
    ...differenceLines(pooled.differences, names[0]!),
  ];
}

/**
 * NDCG@10 by length of history, one line for each length.
 *
 * @param curve What was measured.
 * @returns Lines.
 */
export function renderHistoryCurve(curve: HistoryCurve): readonly string[] {
  const [first] = curve.points;
  const rows = [
    ["last events given", ...(first?.models.map(({ name }) => name) ?? [])],
    ...curve.points.map(({ length, models }) => [
      String(length),
      ...models.map(
        ({ ndcg10 }) => `${metricText(ndcg10.mean)} ±${metricText((ndcg10.high - ndcg10.low) / 2)}`,
      ),
    ]),
  ];
  return [`NDCG@10 by history, the same ${curve.viewers} viewers in every line`, "", ...aligned(rows)];
}

function figureLines(
  models: readonly Pick<ModelReport, "name" | "metrics" | "ci95">[],
  names: readonly string[],
): readonly string[] {
  const rows = models.map((model) => [
    model.name,
    ...names.map((name) => {
      const value = model.metrics[name];
      if (value === undefined) return "–";
      const interval = model.ci95[name];
      const width = interval === undefined ? "" : ` ±${metricText((interval[1] - interval[0]) / 2)}`;
      return `${metricText(value)}${bestModels({ models }, name).has(model.name) ? "*" : " "}${width}`;
    }),
  ]);
  return aligned([["", ...names.map(metricLabel)], ...rows]);
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}

function differenceLines(differences: readonly PairedDifference[], metric: string): string[] {
  return differences.map(({ model, baseline, metrics }) => {
    const { mean, low, high } = metrics[metric]!;
    const sign = (value: number): string => `${value < 0 ? "" : "+"}${metricText(value)}`;
    const verdict = low > 0 ? "better" : high < 0 ? "worse" : "no clear difference";
    return `${model} against ${baseline}, same viewers: ${metricLabel(metric)} ${sign(mean)} [${sign(low)}, ${sign(high)}], ${verdict}`;
  });
}
