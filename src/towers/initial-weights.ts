import type { Random } from "../base/mod.ts";
import type { TowerConfig } from "./tower-config.ts";
import { type TowerParameter, temperatureParameter } from "./tower-parameters.ts";

/** Learned arrays by parameter name, row-major. */
export type Weights = Readonly<Record<string, Float32Array>>;

/**
 * Where training starts. Each parameter draws from its own stream, so that adding one leaves the others alone.
 *
 * @param config For the starting temperature.
 * @param options The parameters and the source of randomness.
 * @returns One array per parameter.
 */
export function initialWeights(
  config: TowerConfig,
  options: { readonly parameters: readonly TowerParameter[]; readonly random: Random },
): Record<string, Float32Array> {
  const weights: Record<string, Float32Array> = {};
  for (const { name, shape, spread } of options.parameters) {
    const values = new Float32Array(shape[0] * shape[1]);
    if (spread > 0) {
      const random = options.random.fork(name);
      for (let i = 0; i < values.length; i++) values[i] = random.normal() * spread;
    }
    weights[name] = values;
  }
  weights[temperatureParameter]?.fill(Math.log(config.temperature));
  return weights;
}
