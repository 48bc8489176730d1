import type { Random } from "../base/mod.ts";

/** A mean and the interval that holds it in 95 of 100 repetitions. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Means over resampled viewers (Efron 1979). All columns are resampled with the same viewers, so that differences
 * between columns of one call are paired.
 *
 * @param values viewers × columns, row-major.
 * @param options `columns` of them; `resamples` to draw; where the draws come from.
 * @returns resamples × columns, row-major.
 */
export function bootstrapMeans(
  values: Float64Array,
  options: { readonly columns: number; readonly resamples: number; readonly random: Random },
): Float64Array {
  const { columns, resamples, random } = options;
  const viewers = values.length / columns;
  const means = new Float64Array(resamples * columns);
  const times = new Int32Array(viewers);
  for (let resample = 0; resample < resamples; resample++) {
    times.fill(0);
    for (let draw = 0; draw < viewers; draw++) times[random.integer(viewers)]!++;
    const out = means.subarray(resample * columns, (resample + 1) * columns);
    for (let viewer = 0; viewer < viewers; viewer++) {
      const weight = times[viewer]! / viewers;
      if (weight === 0) continue;
      const from = viewer * columns;
      for (let column = 0; column < columns; column++) out[column]! += weight * values[from + column]!;
    }
  }
  return means;
}

/**
 * The interval between the 2.5th and the 97.5th percentile.
 *
 * @param mean Of the viewers as they are.
 * @param resampled Means over resampled viewers; sorted in place.
 * @returns Mean and interval.
 */
export function percentileInterval(mean: number, resampled: Float64Array): Estimate {
  resampled.sort();
  return { mean, low: quantile(resampled, 0.025), high: quantile(resampled, 0.975) };
}

function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
}
