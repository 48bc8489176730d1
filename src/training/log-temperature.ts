import { constant, type Value } from "../graph/mod.ts";
import { type TowerConfig, temperatureParameter } from "../towers/mod.ts";

/**
 * log τ of a training step.
 *
 * @param config Whether it is learned, and what it is otherwise.
 * @param learned A learned array by name.
 * @returns [1, 1].
 */
export function logTemperature(config: TowerConfig, learned: (name: string) => Value): Value {
  if (config.learnTemperature) return learned(temperatureParameter);
  return constant([Math.log(config.temperature)], [1, 1]);
}
