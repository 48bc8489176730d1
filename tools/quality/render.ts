import { metricLabel, metricText } from "../../src/evaluation/mod.ts";
import type { Figure, ModelFigures, QualityResult } from "./results.ts";
import type { Bar, QualityRow, Target } from "./rows.ts";

const start = "<!-- measured: written by npm run quality -->";
const end = "<!-- /measured -->";

/**
 * Puts what was measured into the page, between its marks; what people wrote around them stays.
 *
 * @param page The page as it is.
 * @param measured As {@link renderMeasured} gives it.
 * @returns The page with the new figures.
 * @throws RangeError When the page has no marks.
 */
export function replaceMeasured(page: string, measured: string): string {
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) {
    throw new RangeError(`Cannot write the figures as the page must hold "${start}" before "${end}"`);
  }
  return `${page.slice(0, from)}${start}\n\n${measured}\n\n${page.slice(to)}`;
}

/**
 * The figures as Markdown: the table of targets, then every row with its models, its command and its cost.
 *
 * @param rows What there is to show, in order.
 * @param results What was measured; rows without a result say so.
 * @returns Markdown.
 */
export function renderMeasured(rows: readonly QualityRow[], results: readonly QualityResult[]): string {
  const resultOf = new Map(results.map((result) => [result.row, result]));
  const lines = [
    "| on | metric | two-tower | best baseline | difference | must | aim | |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const row of rows) {
    const result = resultOf.get(row.name);
    for (const [position, target] of row.targets.entries()) {
      const title = position === 0 ? `[${row.title}](#${row.name})` : "";
      lines.push(result === undefined ? missingLine(title, target) : targetLine(title, target, result));
    }
  }
  const parts = [lines.join("\n")];
  for (const row of rows) {
    const result = resultOf.get(row.name);
    if (result !== undefined) parts.push(section(row, result));
  }
  return parts.join("\n\n");
}

/** The number behind a bar, in one run; undefined where its baselines were not in it. */
export function barValue(bar: Bar, metric: string, models: readonly ModelFigures[]): number | undefined {
  if (typeof bar === "number") return bar;
  const figures = models.flatMap(({ name, figures }) =>
    bar.best.includes(name) && figures[metric] !== undefined ? [figures[metric][0]] : [],
  );
  return figures.length === 0 ? undefined : bar.times * Math.max(...figures);
}

function targetLine(title: string, target: Target, result: QualityResult): string {
  const { metric, must, aim } = target;
  const own = result.models.find(({ name }) => name === (target.model ?? towers))?.figures[metric];
  if (own === undefined) return missingLine(title, target);
  const baselines = new Set(result.differences.map(({ name }) => name));
  const rival = result.models
    .filter(({ name, figures }) => baselines.has(name) && figures[metric] !== undefined)
    .sort((a, b) => b.figures[metric]![0] - a.figures[metric]![0])[0];
  const difference =
    target.model === undefined
      ? result.differences.find(({ name }) => name === rival?.name)?.figures[metric]
      : undefined;
  const reached = (bar: Bar): boolean =>
    own[0] >= (barValue(bar, metric, result.models) ?? Number.POSITIVE_INFINITY);
  const verdict = reached(aim) ? "aim reached" : reached(must) ? "must reached" : "**missed**";
  const shown = (bar: Bar): string => {
    const value = barValue(bar, metric, result.models);
    return typeof bar === "number" || value === undefined
      ? barText(bar)
      : `${metricText(value)} (${barText(bar)})`;
  };
  const cells = [
    title,
    labelOf(target),
    `**${figureText(own)}**`,
    rival === undefined ? "" : `${rival.name} ${metricText(rival.figures[metric]![0])}`,
    difference === undefined ? "" : differenceText(difference),
    ...[shown(must), shown(aim), verdict],
  ];
  return `| ${cells.join(" | ")} |`;
}

function missingLine(title: string, target: Target): string {
  const cells = [
    title,
    labelOf(target),
    "not measured",
    "",
    "",
    barText(target.must),
    barText(target.aim),
    "",
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The towers as the command names them; re-ranked ones have a name of their own. */
const towers = "two-tower";

function labelOf({ metric, model }: Target): string {
  return model === undefined
    ? metricLabel(metric)
    : `${metricLabel(metric)}, ${model.replace(`${towers}, `, "")}`;
}

function section(row: QualityRow, result: QualityResult): string {
  const metrics = Object.keys(result.models[0]?.figures ?? {});
  const { machine } = result;
  const table = [
    `| | ${metrics.map(metricLabel).join(" | ")} |`,
    `|---|${metrics.map(() => "---|").join("")}`,
    ...result.models.map(
      ({ name, figures }) =>
        `| ${name} | ${metrics.map((metric) => (figures[metric] === undefined ? "–" : figureText(figures[metric]))).join(" | ")} |`,
    ),
  ];
  const seeds = result.seeds.map(({ seed, models, training, chosen }) => {
    const shown = row.targets.map(
      ({ metric }) =>
        `${metricLabel(metric)} ${models.map(({ name, figures }) => `${name} ${metricText(figures[metric]?.[0] ?? 0)}`).join(", ")}`,
    );
    const trained =
      training === undefined
        ? ""
        : `; best after epoch ${training.bestEpoch} of ${training.epochs}, ${training.seconds.toFixed(0)} s of training`;
    const choices = Object.entries(chosen).map(([name, values]) => `${name} ${chosenText(values)}`);
    return `- Seed ${seed}: ${shown.join("; ")}${trained}${choices.length === 0 ? "" : `. Chosen by validation: ${choices.join("; ")}`}`;
  });
  return [
    `### ${row.name}`,
    `${row.title}. ${result.testUsers} tested viewers over ${result.seeds.length === 1 ? "one seed" : `${result.seeds.length} seeds`}; protocol hash \`${result.protocolHash.slice(0, 12)}\`. Training ${result.trainSeconds.toFixed(0)} s${result.seeds.length === 1 ? "" : " a seed"}, the whole command ${result.wallSeconds} s, peak memory ${result.peakRssMb} MB, on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${result.on}, commit ${result.commit}.`,
    `\`\`\`sh\n${result.command}\n\`\`\``,
    table.join("\n"),
    seeds.join("\n"),
    ...(result.history === undefined ? [] : [historyTable(result.history)]),
  ].join("\n\n");
}

function historyTable({ viewers, points }: NonNullable<QualityResult["history"]>): string {
  const names = points[0]?.models.map(({ name }) => name) ?? [];
  return [
    `NDCG@10 by how much of a viewer is known, the same ${viewers} viewers of the first seed in every line:`,
    "",
    `| last events given | ${names.join(" | ")} |`,
    `|---|${names.map(() => "---|").join("")}`,
    ...points.map(
      ({ length, models }) =>
        `| ${length} | ${models.map(({ figures }) => figureText(figures["ndcg@10"]!)).join(" | ")} |`,
    ),
  ].join("\n");
}

function figureText([mean, low, high]: Figure): string {
  return low === undefined || high === undefined
    ? metricText(mean)
    : `${metricText(mean)} ±${metricText((high - low) / 2)}`;
}

function differenceText([mean, low, high]: Figure): string {
  const sign = (value: number): string => `${value < 0 ? "−" : "+"}${metricText(Math.abs(value))}`;
  return `${sign(mean)} [${sign(low!)}, ${sign(high!)}]`;
}

function barText(bar: Bar): string {
  if (typeof bar === "number") return metricText(bar);
  const name = bar.best.length === 1 ? bar.best[0] : `best of ${bar.best.join(" and ")}`;
  return bar.times === 1 ? name! : `${bar.times} × ${name}`;
}

function chosenText(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(", ");
}
