import { escapeHtml, linearScale, metricText } from "../evaluation/mod.ts";
import { bestTrial, type StudyPlan, scoreOf, type Trial } from "./study.ts";

const width = 980;
const height = 340;
const left = 46;
const right = width - 150;
const top = 12;
const bottom = height - 40;

/**
 * The validation figure of every trial by epoch, on a logarithmic axis, so that rungs stand apart: thin while a trial did
 * the first rung alone, strong where it went on; the best and the base are named.
 *
 * @param trials All of a study.
 * @param plan Says where the rungs are.
 * @returns SVG in the page's colours.
 */
export function studyCurves(trials: readonly Trial[], plan: StudyPlan): string {
  const shown = trials.filter(({ curve }) => curve.length > 0);
  const best = bestTrial(trials);
  const points = shown.flatMap(({ curve }) => curve);
  const y = linearScale(
    points.map(({ ndcg }) => ndcg),
    { from: bottom, to: top },
  );
  const last = Math.max(plan.rungs.at(-1)!, 2);
  const first = Math.min(plan.rungs[0]!, ...points.map(({ epoch }) => epoch));
  const x = (epoch: number): number =>
    left + (Math.log(epoch / first) / Math.max(1e-9, Math.log(last / first))) * (right - left);
  const grid = y.ticks
    .map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${y.at(tick)}" y2="${y.at(tick)}"/><text class="tick" x="${left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${y.tickText(tick)}</text>`,
    )
    .join("");
  const rungs = plan.rungs
    .map(
      (epochs) =>
        `<line class="zero" x1="${x(epochs).toFixed(1)}" x2="${x(epochs).toFixed(1)}" y1="${top}" y2="${bottom}"/><text class="tick" x="${x(epochs).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${epochs}</text>`,
    )
    .join("");
  // The named ones last, so that they lie on top.
  const order = shown.toSorted((a, b) => rankOf(a) - rankOf(b));
  const lines = order.map((trial) => line(trial)).join("");
  return `<svg class="wide" viewBox="0 0 ${width} ${height}" role="img" aria-label="Validation NDCG@10 of every trial by epoch">${grid}${rungs}${lines}${names()}<text class="tick" x="${(left + right) / 2}" y="${height - 4}" text-anchor="middle">epochs; dashed: the rungs at which trials are compared</text></svg>`;

  function rankOf(trial: Trial): number {
    if (trial === best) return 1e6;
    return trial.number === 0 ? 1e5 : trial.scores.length;
  }

  function line(trial: Trial): string {
    const { number, curve, scores } = trial;
    const named = trial === best || number === 0;
    const look = named ? `c${colourOf(trial)} named` : scores.length > 1 ? "c1 on" : "c1 thin";
    const path = curve.map(({ epoch, ndcg }) => `${x(epoch).toFixed(1)},${y.at(ndcg).toFixed(1)}`).join(" ");
    const dots = curve.length === 1 ? dot(trial, 2.5) : "";
    return `<g><title>${escapeHtml(`trial ${number}: ${metricText(scoreOf(trial) ?? 0)}`)}</title><polyline class="line ${look}" points="${path}"/>${dots}</g>`;
  }

  function dot(trial: Trial, radius: number): string {
    const { epoch, ndcg } = trial.curve.at(-1)!;
    return `<circle class="dot c${colourOf(trial)}" cx="${x(epoch).toFixed(1)}" cy="${y.at(ndcg).toFixed(1)}" r="${radius}"/>`;
  }

  function colourOf(trial: Trial): number {
    return trial === best ? 0 : trial.number === 0 ? 5 : 1;
  }

  /** The best and the base at the right, moved apart where they would lie on each other. */
  function names(): string {
    const named = shown
      .filter((trial) => trial === best || trial.number === 0)
      .map((trial) => ({ trial, at: y.at(trial.curve.at(-1)!.ndcg) }))
      .sort((a, b) => a.at - b.at);
    if (named.length === 2) named[1]!.at = Math.max(named[1]!.at, named[0]!.at + 18);
    return named
      .map(({ trial, at }) => {
        const what = trial === best ? `best: trial ${trial.number}` : "base: trial 0";
        const from = x(trial.curve.at(-1)!.epoch) + 10;
        return `${dot(trial, 5)}<text class="value" x="${from.toFixed(1)}" y="${(at + 4).toFixed(1)}">${metricText(scoreOf(trial) ?? 0)} <tspan class="range">${what}</tspan></text>`;
      })
      .join("");
  }
}
