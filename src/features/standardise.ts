/** How numbers are brought to a common scale: (x − centre) / scale. */
export interface StandardState {
  readonly centre: number;
  /** Above 0. */
  readonly scale: number;
}

/**
 * Median and interquartile range, which a few wild values do not move.
 *
 * scale = (q75 − q25) / 1.349, the standard deviation of a normal distribution with these quartiles; where the
 * quartiles coincide, the standard deviation about the median; where that is 0 too, 1.
 *
 * @param values Finite values and NaN for missing ones.
 * @returns The state.
 */
export function fitStandard(values: Float64Array): StandardState {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  if (known.length === 0) return { centre: 0, scale: 1 };
  // + 0 turns −0, which JSON does not know, into 0.
  const centre = quantile(known, 0.5) + 0;
  const robust = (quantile(known, 0.75) - quantile(known, 0.25)) / 1.349;
  if (robust > 0 && Number.isFinite(robust)) return { centre, scale: robust };
  let squares = 0;
  for (const value of known) squares += (value - centre) ** 2;
  const deviation = Math.sqrt(squares / known.length);
  return { centre, scale: deviation > 0 && Number.isFinite(deviation) ? deviation : 1 };
}

/**
 * A quantile by linear interpolation between neighbours.
 *
 * @param sorted Ascending, at least one value.
 * @param share 0 to 1.
 * @returns The value below which that share lies.
 */
export function quantile(sorted: Float64Array, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  const fraction = position - below;
  return sorted[below]! * (1 - fraction) + sorted[above]! * fraction;
}

/**
 * log(1 + |x|) with the sign of x: order is kept, long tails are folded in.
 *
 * @param value Any number.
 * @returns NaN for NaN.
 */
export function signedLog(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}

/**
 * Writes two columns: the standardised value cut to ±clip, and 1 where it is missing.
 *
 * @param state As fitted.
 * @param value The value on the scale of fitting; NaN for missing.
 * @param target Where: `out[offset]` and `out[offset + 1]`, and the clip in standard deviations.
 */
export function writeStandard(
  state: StandardState,
  value: number,
  target: { readonly out: Float32Array; readonly offset: number; readonly clip: number },
): void {
  const { out, offset, clip } = target;
  const standard = (value - state.centre) / state.scale;
  if (Number.isNaN(standard)) {
    out[offset] = 0;
    out[offset + 1] = 1;
  } else {
    out[offset] = Math.min(clip, Math.max(-clip, standard));
    out[offset + 1] = 0;
  }
}
