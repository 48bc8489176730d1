import type { Random } from "../base/mod.ts";
import { bootstrapMeans, type Estimate, percentileInterval } from "./bootstrap.ts";
import type { ModelReport, PairedDifference } from "./report-data.ts";

/** What was measured of every viewer by every model: what intervals and paired differences are made from. */
export interface ViewerFigures {
  readonly models: readonly Pick<ModelReport, "name" | "role">[];
  /** Names of what has a value for every viewer. */
  readonly metrics: readonly string[];
  /** Dataset index of each viewer. */
  readonly people: Int32Array;
  /** viewers × (models × metrics), row-major. */
  readonly values: Float64Array;
}

/** One model's means with their intervals. */
export type Estimates = Readonly<Record<string, Estimate>>;

/** What a bootstrap over viewers says of models. */
export interface ComparedModels {
  /** One entry per model. */
  readonly estimates: readonly Estimates[];
  /** Of each model to each baseline. */
  readonly differences: readonly PairedDifference[];
}

/**
 * Means and paired differences with 95 % intervals, by bootstrap over people. Rows of one person, from several seeds of
 * a split, are drawn together: as if independent, three looks at one viewer would make an interval √3 too narrow.
 *
 * @param parts One per split, with the same models and metrics.
 * @param options Resamples, and where the draws come from.
 * @returns Estimates over all rows of all parts.
 */
export function compareModels(
  parts: readonly ViewerFigures[],
  options: { readonly resamples: number; readonly random: Random },
): ComparedModels {
  const { models, metrics } = parts[0]!;
  const columns = models.length * metrics.length;
  const sums = sumsByPerson(parts, columns);
  const counts = columns;
  const resampled = bootstrapMeans(sums, { ...options, columns: columns + 1 });
  const rows = parts.reduce((sum, { people }) => sum + people.length, 0);
  const means = new Float64Array(columns);
  for (let e = 0; e < sums.length; e++) {
    const column = e % (columns + 1);
    if (column < columns) means[column]! += sums[e]! / rows;
  }
  /** Means of one column over each resample: sum over people of their sums, over that of their rows. */
  const column = (index: number): Float64Array =>
    Float64Array.from({ length: options.resamples }, (_, r) => {
      const start = r * (columns + 1);
      return resampled[start + index]! / resampled[start + counts]!;
    });
  const at = (model: number, metric: number): number => model * metrics.length + metric;
  const byMetric = (estimate: (metric: number) => Estimate): Estimates =>
    Object.fromEntries(metrics.map((name, metric) => [name, estimate(metric)]));
  const differences: PairedDifference[] = [];
  for (const [m, model] of models.entries()) {
    if (model.role !== "model") continue;
    for (const [b, baseline] of models.entries()) {
      if (baseline.role !== "baseline") continue;
      differences.push({
        model: model.name,
        baseline: baseline.name,
        metrics: byMetric((metric) => {
          const theirs = column(at(b, metric));
          const difference = column(at(m, metric)).map((mean, r) => mean - theirs[r]!);
          return percentileInterval(means[at(m, metric)]! - means[at(b, metric)]!, difference);
        }),
      });
    }
  }
  return {
    estimates: models.map((_, m) =>
      byMetric((metric) => percentileInterval(means[at(m, metric)]!, column(at(m, metric)))),
    ),
    differences,
  };
}

/**
 * The intervals alone, as reports hold them.
 *
 * @param estimates Of one model.
 * @returns Low and high by metric.
 */
export function intervalsOf(estimates: Estimates): ModelReport["ci95"] {
  return Object.fromEntries(
    Object.entries(estimates).map(([name, { low, high }]) => [name, [low, high] as const]),
  );
}

/** people × (columns + 1): what a person's rows add up to, and how many there are. */
function sumsByPerson(parts: readonly ViewerFigures[], columns: number): Float64Array {
  const rowOf = new Map<number, number>();
  for (const { people } of parts) {
    for (const person of people) if (!rowOf.has(person)) rowOf.set(person, rowOf.size);
  }
  const sums = new Float64Array(rowOf.size * (columns + 1));
  for (const { people, values } of parts) {
    for (const [row, person] of people.entries()) {
      const start = rowOf.get(person)! * (columns + 1);
      for (let c = 0; c < columns; c++) sums[start + c]! += values[row * columns + c]!;
      sums[start + columns]!++;
    }
  }
  return sums;
}
