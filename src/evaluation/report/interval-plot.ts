import { escapeHtml } from "./escape.ts";
import { metricText } from "./headline.ts";
import { linearScale } from "./scale.ts";

/** One line of an interval plot. */
export interface IntervalRow {
  readonly label: string;
  readonly mean: number;
  /** Absent where no interval is known. */
  readonly interval?: readonly [number, number] | undefined;
  /** Which of the page's colours. */
  readonly colour: number;
}

const labelWidth = 104;
const plotWidth = 250;
const valueWidth = 136;
const rowHeight = 26;

/**
 * Means as dots with their 95 % intervals as lines, one row each.
 *
 * @param rows What to show, from the top.
 * @param options A title for screen readers; `zero` draws the line of no difference.
 * @returns SVG in the page's colours.
 */
export function intervalPlot(
  rows: readonly IntervalRow[],
  options: { readonly title: string; readonly zero?: boolean },
): string {
  const height = rows.length * rowHeight + 24;
  const bottom = height - 22;
  const right = labelWidth + plotWidth;
  const scale = linearScale(
    [...rows.flatMap(({ mean, interval }) => [mean, ...(interval ?? [])]), ...(options.zero ? [0] : [])],
    { from: labelWidth, to: right },
  );
  const lines = scale.ticks.map(
    (tick) =>
      `<line class="grid" x1="${scale.at(tick)}" x2="${scale.at(tick)}" y1="0" y2="${bottom}"/><text class="tick" x="${scale.at(tick)}" y="${height - 6}" text-anchor="middle">${scale.tickText(tick)}</text>`,
  );
  if (options.zero) {
    lines.push(`<line class="zero" x1="${scale.at(0)}" x2="${scale.at(0)}" y1="0" y2="${bottom}"/>`);
  }
  const marks = rows.map(({ label, mean, interval, colour }, r) => {
    const y = r * rowHeight + rowHeight / 2;
    const range = interval === undefined ? "" : ` [${metricText(interval[0])}, ${metricText(interval[1])}]`;
    const whisker =
      interval === undefined
        ? ""
        : `<line class="whisker c${colour}" x1="${scale.at(interval[0])}" x2="${scale.at(interval[1])}" y1="${y}" y2="${y}"/>`;
    return `<g><title>${escapeHtml(`${label}: ${metricText(mean)}${range}`)}</title><text class="label" x="${labelWidth - 12}" y="${y + 4}" text-anchor="end">${escapeHtml(label)}</text>${whisker}<circle class="dot c${colour}" cx="${scale.at(mean)}" cy="${y}" r="5"/><text class="value" x="${right + 14}" y="${y + 4}">${metricText(mean)}<tspan class="range">${range}</tspan></text></g>`;
  });
  return `<svg viewBox="0 0 ${right + valueWidth} ${height}" role="img" aria-label="${escapeHtml(options.title)}">${lines.join("")}${marks.join("")}</svg>`;
}
