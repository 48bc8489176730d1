import { type SettingGroup, settingGroups } from "./model-settings.ts";
import type { Dimension, SearchSpace } from "./search-space.ts";
import type { Trial } from "./study.ts";

/** One searched setting, and how much it seems to matter. */
export interface SettingImportance {
  readonly group: SettingGroup;
  readonly name: string;
  readonly within: Dimension;
  /** From 0 to 1; undefined with too few trials to say. */
  readonly share: number | undefined;
  /** Value and first score of every trial that has one, by number. */
  readonly points: readonly { readonly trial: number; readonly value: unknown; readonly score: number }[];
}

/**
 * How much each setting seems to matter: the share of the variance of the first rung's scores that goes with which third of
 * the trials, by the setting's value, a trial is in; of a choice, with which value it has. Every trial does the first rung
 * with settings drawn independently, so that no setting's share comes from another's.
 *
 * With g groups of n trials, SSB the sum of squares between them and SST that of all, η² = SSB / SST grows with g by chance
 * alone; it is corrected as in ε² = 1 − (1 − η²) (n − 1) / (n − g) (Kelley 1935), and what is below 0 is 0.
 *
 * It sees each setting by itself: a hint where to look, not a proof.
 *
 * @param trials All of a study.
 * @param space What was searched.
 * @returns The settings, what matters most first.
 */
export function settingImportance(
  trials: readonly Trial[],
  space: SearchSpace,
): readonly SettingImportance[] {
  const all = settingGroups.flatMap((group) =>
    Object.entries(space[group]).map(([name, within]): SettingImportance => {
      // Trial 0 was not drawn: it is what the base says.
      const points = trials.flatMap(({ number, settings, scores: [score] }) => {
        const value = (settings[group] as Readonly<Record<string, unknown>>)[name];
        return number === 0 || score === undefined ? [] : [{ trial: number, value, score }];
      });
      const groups =
        within.kind === "choice"
          ? Object.values(Object.groupBy(points, ({ value }) => JSON.stringify(value)))
          : thirds(points.toSorted((a, b) => Number(a.value) - Number(b.value)));
      return {
        group,
        name,
        within,
        points,
        share: explained(groups.map((each) => each!.map(({ score }) => score))),
      };
    }),
  );
  return all.toSorted((a, b) => (b.share ?? -1) - (a.share ?? -1));
}

function thirds<Point>(points: readonly Point[]): readonly (readonly Point[])[] {
  const at = (k: number): number => Math.round((k * points.length) / 3);
  return [0, 1, 2].map((k) => points.slice(at(k), at(k + 1)));
}

/** Trials per group below which nothing is said. */
const fewest = 3;

function explained(groups: readonly (readonly number[])[]): number | undefined {
  const all = groups.flat();
  const count = groups.length;
  if (count < 2 || all.length < fewest * count) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const centre = mean(all);
  const total = all.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  if (total === 0) return 0;
  const between = groups.reduce((sum, group) => sum + group.length * (mean(group) - centre) ** 2, 0);
  return Math.max(0, 1 - ((1 - between / total) * (all.length - 1)) / (all.length - count));
}
