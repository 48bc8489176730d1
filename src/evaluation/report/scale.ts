/** Maps numbers to positions on a plot, and says where to draw lines. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
  tickText(tick: number): string;
}

/**
 * A linear scale over round numbers.
 *
 * @param values What must fit; not finite ones are passed over.
 * @param options Positions of the ends, and about how many ticks.
 * @returns The scale; it has at least two ticks.
 */
export function linearScale(
  values: Iterable<number>,
  options: { readonly from: number; readonly to: number; readonly ticks?: number },
): Scale {
  const { from, to, ticks: wanted = 5 } = options;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const step = roundStep((high - low) / wanted);
  const start = Math.floor(low / step) * step;
  const count = Math.ceil((high - start) / step - 1e-9);
  const end = start + count * step;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    at: (value) => from + ((value - start) / (end - start)) * (to - from),
    ticks: Array.from({ length: count + 1 }, (_, i) => start + i * step),
    tickText: (tick) => (Math.abs(tick) < step / 2 ? "0" : tick.toFixed(digits).replace(/^(-?)0\./, "$1.")),
  };
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5]) if (rough <= factor * power * 1.0001) return factor * power;
  return 10 * power;
}
