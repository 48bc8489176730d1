import type { TrainingConfig } from "./training-config.ts";

/** What the rate at a step depends on. */
export interface RateState {
  /** Steps done, from 0. */
  readonly step: number;
  /** Steps in all, if nothing stops it early. */
  readonly totalSteps: number;
  /** Of `plateau`: how often the rate has been halved. */
  readonly halvings: number;
}

/**
 * The learning rate of one step: linear warm-up, then constant, cosine to 0, or halved at plateaus.
 *
 * @param config Peak rate, warm-up and schedule.
 * @param state Where training stands.
 * @returns The rate, above 0.
 */
export function learningRate(config: TrainingConfig, state: RateState): number {
  const { warmupSteps, learningRate: peak } = config;
  const warm = Math.min(1, (state.step + 1) / (warmupSteps + 1));
  if (config.schedule === "plateau") return peak * warm * 0.5 ** state.halvings;
  if (config.schedule === "constant") return peak * warm;
  const progress = (state.step - warmupSteps) / Math.max(1, state.totalSteps - warmupSteps);
  // ½ (1 + cos πx), Loshchilov & Hutter 2017, equation 5.
  return peak * warm * Math.max(1e-3, 0.5 * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, progress)))));
}
