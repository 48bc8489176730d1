import type { LearningRateCurve } from "../training/mod.ts";
import type { CliContext } from "./context.ts";
import { tableOf } from "./table.ts";

const lines = 16;

/**
 * Prints a sweep of the learning rate as a small table, and what to do with it.
 *
 * @param context Where to.
 * @param curve What the sweep found.
 */
export function sayRates(context: CliContext, curve: LearningRateCurve): void {
  const { points, steepest, lowest, suggested } = curve;
  const every = Math.max(1, Math.ceil(points.length / lines));
  const shown = points.filter(
    ({ rate }, at) => at % every === 0 || at === points.length - 1 || rate === lowest || rate === steepest,
  );
  const marks = new Map([
    [steepest, "falls fastest"],
    [lowest, "lowest"],
  ]);
  const rows = shown.map(({ rate, loss }) => [rate.toExponential(1), loss.toFixed(4), marks.get(rate) ?? ""]);
  for (const line of tableOf([["rate", "loss", ""], ...rows])) context.say(line);
  context.say(`Suggested: futago train --learning-rate ${suggested.toPrecision(2)}`);
}
