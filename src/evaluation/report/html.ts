import type { EvaluationReport } from "../report-data.ts";
import { escapeHtml } from "./escape.ts";
import { bestModels, headlineMetrics, metricLabel, metricText } from "./headline.ts";
import { intervalPlot } from "./interval-plot.ts";
import { linePlot } from "./line-plot.ts";
import { segmentTable } from "./segment-table.ts";
import { reportStyle } from "./style.ts";

/**
 * A report as one HTML page that needs nothing else: no script, no network, light or dark as the reader's system is.
 *
 * @param report What was measured.
 * @returns The page.
 */
export function renderReportHtml(report: EvaluationReport): string {
  const title = `Evaluation, ${report.protocol}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
${header(report)}
${metricsTable(report)}
${intervals(report)}
${differences(report)}
${segments(report)}
${curves(report)}
${importance(report)}
${allMetrics(report)}
${protocol(report)}
</main>
</body>
</html>
`;
}

const whole = (value: number): string => value.toLocaleString("en-US");

function header(report: EvaluationReport): string {
  const facts: [string, string][] = [
    ["People", whole(report.users)],
    ["Items", whole(report.items)],
    ["Likes", whole(report.interactions)],
    ["Viewers tested", whole(report.testUsers)],
    ["Items ranked", whole(report.candidates)],
    ["Protocol hash", report.protocolHash.slice(0, 12)],
  ];
  return `<header><h1>Evaluation: ${escapeHtml(report.protocol)}</h1><p class="note">${escapeHtml(report.description)}</p><dl class="facts">${facts
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</dl></header>`;
}

function metricsTable(report: EvaluationReport): string {
  return `<section class="card"><h2>Figures</h2><p class="note">Means over viewers, with 95 % intervals by bootstrap over viewers. The best of each column is marked.</p>${tableOf(report, headlineMetrics(report))}</section>`;
}

function tableOf(report: EvaluationReport, names: readonly string[]): string {
  const best = new Map(names.map((name) => [name, bestModels(report, name)]));
  const rows = report.models.map((model, position) => {
    const cells = names.map((name) => {
      const value = model.metrics[name];
      if (value === undefined) return "<td>–</td>";
      const interval = model.ci95[name];
      const range =
        interval === undefined
          ? ""
          : `<span class="ci">${metricText(interval[0])} – ${metricText(interval[1])}</span>`;
      return `<td${best.get(name)!.has(model.name) ? ' class="best"' : ""}>${metricText(value)}${range}</td>`;
    });
    return `<tr><th scope="row">${swatch(position)}${escapeHtml(model.name)}</th>${cells.join("")}</tr>`;
  });
  const heads = names.map((name) => `<th scope="col">${escapeHtml(metricLabel(name))}</th>`).join("");
  return `<div class="scroll"><table><thead><tr><th></th>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function intervals(report: EvaluationReport): string {
  const names = headlineMetrics(report).slice(0, 4);
  const plots = names.map((name) => {
    const label = metricLabel(name);
    const rows = report.models.map((model, position) => ({
      label: model.name,
      mean: model.metrics[name] ?? 0,
      interval: model.ci95[name],
      colour: colourOf(position),
    }));
    return `<div><h3>${escapeHtml(label)}</h3>${intervalPlot(rows, { title: label })}</div>`;
  });
  return `<section class="card"><h2>Model and baselines</h2><p class="note">Every model ranked the same items for the same viewers in this run.</p><div class="grid2">${plots.join("")}</div></section>`;
}

function differences(report: EvaluationReport): string {
  if (report.differences.length === 0) return "";
  const [metric] = headlineMetrics(report);
  const position = new Map(report.models.map(({ name }, i) => [name, i]));
  const several = new Set(report.differences.map(({ model }) => model)).size > 1;
  const rows = report.differences.map(({ model, baseline, metrics }) => {
    const { mean, low, high } = metrics[metric!]!;
    return {
      label: several ? `${model} vs ${baseline}` : `vs ${baseline}`,
      mean,
      interval: [low, high] as const,
      colour: colourOf(position.get(baseline) ?? 0),
    };
  });
  const title = `${metricLabel(metric!)}: model minus baseline`;
  return `<section class="card"><h2>Paired differences</h2><p class="note">${escapeHtml(title)}, viewer by viewer. An interval that does not cross 0 is a difference that is not chance.</p>${intervalPlot(rows, { title, zero: true })}</section>`;
}

function segments(report: EvaluationReport): string {
  if (report.segments.length === 0) return "";
  const k = report.ks[0] ?? 10;
  return `<section class="card"><h2>Where it works</h2><p class="note">NDCG@${k}, counting only the held items of a segment. Items are divided by likes in training: head, middle and tail each hold a third of them.</p>${segmentTable(report, `ndcg@${k}`)}</section>`;
}

function curves(report: EvaluationReport): string {
  if (report.curves.length === 0) return "";
  const plots = report.curves.map((curve, position) => {
    const markBest = !/loss/i.test(curve.name);
    return `<div><h3>${escapeHtml(curve.name)}</h3>${linePlot(curve, { xLabel: "epoch", markBest, colour: position === 0 ? 0 : 3 })}</div>`;
  });
  return `<section class="card"><h2>Training</h2><div class="grid2">${plots.join("")}</div></section>`;
}

function importance({ importance: measured }: EvaluationReport): string {
  if (measured === undefined) return "";
  const plots = (["user", "item"] as const).map((side) => {
    const rows = measured.features
      .filter((one) => one.side === side)
      .map(({ feature, mean, low, high }) => {
        return { label: feature, mean, interval: [low, high] as const, colour: 0 };
      });
    const title = side === "user" ? "Features of viewers" : "Features of items";
    return `<div><h3>${title}</h3>${intervalPlot(rows, { title, zero: true })}</div>`;
  });
  return `<section class="card"><h2>Importance of features</h2><p class="note">What NDCG@10 on validation (${metricText(measured.ndcg)} for ${whole(measured.viewers)} viewers) loses when one feature is shuffled, with 95 % intervals over repeats. Features that tell the same stand in for each other.</p><div class="grid2">${plots.join("")}</div></section>`;
}

function allMetrics(report: EvaluationReport): string {
  const names = Object.keys(report.models[0]?.metrics ?? {});
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const kind = name.split("@")[0]!;
    const group = name.includes("@") ? kind : "whole ranking";
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const tables = [...groups].map(([, group]) => tableOf(report, group)).join("");
  return `<section class="card"><details><summary>All metrics</summary>${tables}</details></section>`;
}

function protocol(report: EvaluationReport): string {
  const pairs: [string, string | number][] = [
    ["Protocol", report.protocol],
    ["Hash", report.protocolHash],
    ["Seed", report.seed],
    ...Object.entries(report.parameters),
    [
      "Ranking",
      "all candidates; what a viewer was given is left out; equal scores in one fixed scrambled order",
    ],
    ["Recall@k divided by", report.recallDivisor],
    ["NDCG@k", "binary gain, ideal cut at min(k, held)"],
    ["Intervals", `95 %, percentiles of ${whole(report.resamples)} bootstrap resamples of viewers`],
  ];
  return `<section class="card"><h2>Protocol</h2><p class="note">${escapeHtml(report.description)} Equal hashes mean the same question asked of the same data.</p><dl class="pairs">${pairs
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd><code>${escapeHtml(value)}</code></dd>`)
    .join("")}</dl></section>`;
}

function colourOf(position: number): number {
  return position % 6;
}

function swatch(position: number): string {
  return `<span class="swatch f${colourOf(position)}"></span>`;
}
