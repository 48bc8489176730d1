import type { EvaluationReport } from "../report-data.ts";
import { escapeHtml } from "./escape.ts";
import { metricText } from "./headline.ts";

const barWidth = 44;

/**
 * One metric by segment and model, with bars to compare by eye.
 *
 * @param report What was measured.
 * @param metric A metric that segments have: NDCG or recall at a cut.
 * @returns An HTML table.
 */
export function segmentTable(report: EvaluationReport, metric: string): string {
  const figureOf = (model: number, segment: number): number =>
    report.models[model]!.segments[segment]?.metrics[metric] ?? 0;
  const largest = Math.max(
    1e-9,
    ...report.models.flatMap((_, m) => report.segments.map((_, s) => figureOf(m, s))),
  );
  const row = (s: number): string => {
    const { name, viewers, held } = report.segments[s]!;
    const cells = report.models.map((_, m) => {
      const value = figureOf(m, s);
      const width = Math.round((value / largest) * barWidth);
      return `<td><span class="track">${metricText(value)}<span class="bar f${m % 6}" style="width:${width}px"></span></span></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${viewers.toLocaleString("en-US")}</td><td>${held.toLocaleString("en-US")}</td>${cells.join("")}</tr>`;
  };
  const group = (by: "history" | "popularity", title: string): string => {
    const rows = report.segments.flatMap((segment, s) => (segment.by === by ? [row(s)] : []));
    const span = report.models.length + 3;
    return rows.length === 0
      ? ""
      : `<tr class="group"><th colspan="${span}" scope="colgroup">${title}</th></tr>${rows.join("")}`;
  };
  const heads = report.models.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  return `<div class="scroll"><table><thead><tr><th></th><th scope="col">viewers</th><th scope="col">held items</th>${heads}</tr></thead><tbody>${group("history", "By length of history")}${group("popularity", "By popularity of the item")}</tbody></table></div>`;
}
