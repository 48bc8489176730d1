import type { TrainingOptions } from "../../training/mod.ts";
import { parseModelSettings } from "../../tuning/mod.ts";

/** What a job `retrain` may be told. */
export interface RetrainPayload {
  /** Settings that differ from the defaults. */
  readonly training: TrainingOptions;
  /** Whether training starts from the weights of the active version. */
  readonly warmStart: boolean;
}

/**
 * Reads what a job `retrain` was told: `{"training": {"epochs": 20}, "warmStart": false}`, or nothing.
 *
 * @param payload Of the job.
 * @returns The same with defaults.
 * @throws TypeError For another member or another form, RangeError for a setting out of range.
 */
export function readRetrainPayload({
  training = {},
  warmStart = true,
  ...others
}: Readonly<Record<string, unknown>>): RetrainPayload {
  if (Object.keys(others).length > 0 || typeof warmStart !== "boolean") {
    throw new TypeError(
      'Cannot retrain as the job must be told nothing but "training" (settings) and "warmStart" (true or false)',
    );
  }
  return { training: parseModelSettings({ training }).training, warmStart };
}
