import type { EvaluationReport } from "../report-data.ts";
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
  const rows = [["", ...names.map(metricLabel)]];
  for (const model of report.models) {
    rows.push([
      model.name,
      ...names.map((name) => {
        const value = model.metrics[name];
        if (value === undefined) return "–";
        const interval = model.ci95[name];
        const width = interval === undefined ? "" : ` ±${metricText((interval[1] - interval[0]) / 2)}`;
        return `${metricText(value)}${bestModels(report, name).has(model.name) ? "*" : " "}${width}`;
      }),
    ]);
  }
  const widths = names.map((_, column) => Math.max(...rows.map((row) => row[column + 1]!.length)));
  const first = Math.max(...rows.map((row) => row[0]!.length));
  const table = rows.map((row) =>
    [row[0]!.padEnd(first), ...widths.map((width, column) => row[column + 1]!.padEnd(width))]
      .join("  ")
      .trimEnd(),
  );
  return [
    `Protocol ${report.protocol}, hash ${report.protocolHash.slice(0, 12)}: ${report.description}`,
    `${report.users} people, ${report.items} items, ${report.interactions} likes; ${report.testUsers} viewers tested on ${report.candidates} items; recall divided by ${report.recallDivisor}`,
    "",
    ...table,
    "",
    ...differenceLines(report, names[0]!),
  ];
}

function differenceLines(report: EvaluationReport, metric: string): string[] {
  return report.differences.map(({ model, baseline, metrics }) => {
    const { mean, low, high } = metrics[metric]!;
    const sign = (value: number): string => `${value < 0 ? "" : "+"}${metricText(value)}`;
    const verdict = low > 0 ? "better" : high < 0 ? "worse" : "no clear difference";
    return `${model} against ${baseline}, same viewers: ${metricLabel(metric)} ${sign(mean)} [${sign(low)}, ${sign(high)}], ${verdict}`;
  });
}
