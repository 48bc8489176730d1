import { escapeHtml, linearScale, metricText } from "../evaluation/mod.ts";
import type { SettingImportance } from "./setting-importance.ts";
import { settingText } from "./setting-text.ts";

const width = 300;
const height = 170;
const left = 40;
const right = width - 12;
const top = 8;
const bottom = height - 26;

/**
 * The first score of every trial by the value of one setting.
 *
 * @param setting Which, with its trials.
 * @param best The number of the best trial, which is marked.
 * @returns SVG in the page's colours.
 */
export function settingPlot({ name, within, points }: SettingImportance, best: number | undefined): string {
  const y = linearScale(
    points.map(({ score }) => score),
    { from: bottom, to: top, ticks: 4 },
  );
  const { at, ticks } = axisOf(within);
  const grid = y.ticks.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/><text class="tick" x="${left - 6}" y="${y.at(tick) + 4}" text-anchor="end">${y.tickText(tick)}</text>`,
  );
  const labels = ticks.map(({ text, value, anchor }) => {
    return `<text class="tick" x="${at(value).toFixed(1)}" y="${height - 8}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
  });
  const dots = points
    .toSorted((a, b) => Number(a.trial === best) - Number(b.trial === best))
    .map(({ trial, value, score }) => {
      const marked = trial === best;
      const said = `trial ${trial}: ${settingText(value)}, ${metricText(score)}`;
      return `<circle class="dot c${marked ? 0 : 1}" cx="${at(value).toFixed(1)}" cy="${y.at(score).toFixed(1)}" r="${marked ? 6 : 4}"><title>${escapeHtml(said)}</title></circle>`;
    });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(`First score by ${name}`)}">${grid.join("")}${labels.join("")}${dots.join("")}</svg>`;
}

interface Axis {
  at(value: unknown): number;
  readonly ticks: readonly { readonly value: unknown; readonly text: string; readonly anchor: string }[];
}

function axisOf(within: SettingImportance["within"]): Axis {
  if (within.kind === "choice") {
    const names = within.of.map((value) => JSON.stringify(value));
    const step = (right - left) / names.length;
    return {
      at: (value) => left + (names.indexOf(JSON.stringify(value)) + 0.5) * step,
      ticks: within.of.map((value) => ({ value, text: settingText(value), anchor: "middle" })),
    };
  }
  const { from, to, kind } = within;
  const scaled = kind === "log_uniform" ? Math.log : (value: number): number => value;
  const share = (value: number): number => (scaled(value) - scaled(from)) / (scaled(to) - scaled(from));
  const middle = kind === "log_uniform" ? Math.sqrt(from * to) : (from + to) / 2;
  return {
    at: (value) => left + 8 + share(Number(value)) * (right - left - 16),
    ticks: [
      { value: from, text: settingText(from), anchor: "start" },
      { value: middle, text: settingText(Number(middle.toPrecision(2))), anchor: "middle" },
      { value: to, text: settingText(to), anchor: "end" },
    ],
  };
}
