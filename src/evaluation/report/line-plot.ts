import type { TrainingCurve } from "../report-data.ts";
import { escapeHtml } from "./escape.ts";
import { metricText } from "./headline.ts";
import { linearScale } from "./scale.ts";

const width = 460;
const height = 240;
const left = 52;
const bottom = height - 34;
const top = 10;

/**
 * One curve as a line, its best point marked where asked.
 *
 * @param curve Equally many x and y, at least one.
 * @param options What stands under the x axis; whether the largest y is marked; which of the page's colours.
 * @returns SVG in the page's colours.
 */
export function linePlot(
  curve: TrainingCurve,
  options: { readonly xLabel: string; readonly markBest: boolean; readonly colour: number },
): string {
  const x = linearScale(curve.x, { from: left, to: width - 14, ticks: 6 });
  const y = linearScale(curve.y, { from: bottom, to: top });
  const points = curve.x
    .map((value, i) => [value, curve.y[i]!] as const)
    .filter(([, value]) => Number.isFinite(value));
  const grid = [
    ...y.ticks.map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${width - 14}" y1="${y.at(tick)}" y2="${y.at(tick)}"/><text class="tick" x="${left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${y.tickText(tick)}</text>`,
    ),
    ...x.ticks.map(
      (tick) =>
        `<text class="tick" x="${x.at(tick)}" y="${height - 18}" text-anchor="middle">${x.tickText(tick)}</text>`,
    ),
  ].join("");
  const path = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(" ");
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(curve.name)}">${grid}<polyline class="line c${options.colour}" points="${path}"/>${options.markBest ? bestPoint() : ""}<text class="tick" x="${(left + width) / 2}" y="${height - 3}" text-anchor="middle">${escapeHtml(options.xLabel)}</text></svg>`;

  function bestPoint(): string {
    const best = points.reduce((a, b) => (b[1] > a[1] ? b : a), points[0] ?? [0, 0]);
    const end = x.at(best[0]) > width - 130;
    return `<circle class="dot c${options.colour}" cx="${x.at(best[0])}" cy="${y.at(best[1])}" r="5"><title>best</title></circle><text class="value" x="${x.at(best[0]) + (end ? -10 : 10)}" y="${y.at(best[1]) + 26}" text-anchor="${end ? "end" : "start"}">best ${metricText(best[1])}</text>`;
  }
}
