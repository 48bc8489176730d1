import type { ModelSettings } from "./model-settings.ts";
import type { Trial, ValidationPoint } from "./study.ts";

/** What training a trial up to a rung gave. */
export interface RungResult {
  /** Every validation of the trial so far. */
  readonly curve: readonly ValidationPoint[];
  /** Whether no epoch is left: it had all of them, or stopped improving. */
  readonly finished: boolean;
}

/** What a study needs of training. */
export interface TrialTrainer {
  /**
   * What training with some settings takes, roughly, in bytes.
   *
   * @throws RangeError where the settings do not fit each other.
   */
  memoryOf(settings: ModelSettings): number;
  /**
   * Trains a trial up to some epochs in all, from where it was left.
   *
   * @throws RangeError where it cannot be trained: its loss runs away.
   * @throws FutagoError `cancelled` when stopped by the signal; the same call goes on.
   */
  train(
    trial: Pick<Trial, "number" | "settings">,
    options: { readonly epochs: number; readonly signal: AbortSignal },
  ): Promise<RungResult>;
  /** Lets go of what is kept to go on with a trial. */
  forget(trial: number): Promise<void>;
}
