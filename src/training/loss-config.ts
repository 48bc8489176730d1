/** The losses that towers can be trained by. */
export const lossNames = ["softmax", "softmax_single", "gbce", "bce", "hinge"] as const;

/** One of {@link lossNames}. */
export type LossName = (typeof lossNames)[number];

/** What training minimises, and the negatives it does that with. */
export interface LossConfig {
  /**
   * `softmax_single`: each positive competes with what the viewer did not take, one by one. `softmax`: all of a viewer's
   * positives share one distribution, the multinomial likelihood. `gbce`: taken or not, calibrated for how many negatives
   * are drawn. `bce`: the same, with a few negatives of its own for each positive, out of what existed at the time.
   * `hinge`: cosines drawn to 1 and pushed below a margin. What each gives: docs/training.md.
   */
  readonly loss: LossName;
  /** Of `gbce`: t, 0 for plain cross-entropy up to 1 for the probabilities of a training over all negatives. */
  readonly gbceCalibration: number;
  /** Of `bce`: negatives drawn for each positive. */
  readonly bceNegatives: number;
  /** Of `hinge`: the cosine (with its bias) from which on a negative counts, -1 to 1. */
  readonly hingeMargin: number;
  /** Of `hinge`: what the mean over the negatives counts beside one positive. */
  readonly hingeNegativeWeight: number;
  /** Items drawn as negatives, for all viewers of a step together, where the catalogue is larger than `maxCandidates`. */
  readonly sampledNegatives: number;
  /** Share of them drawn from among the model's own near neighbours, 0-1; what `popularShare` leaves as well is uniform. */
  readonly hardShare: number;
  /** Share of them drawn by popularity, 0-1. */
  readonly popularShare: number;
  /** Steps after which near neighbours are looked up anew; until then, "hard" is uniform. */
  readonly hardRefreshSteps: number;
  /** Nearest neighbours of a viewer that are no hard negatives, as they are likely to be liked. */
  readonly hardSkip: number;
  /** Neighbours after those that are. */
  readonly hardDepth: number;
}

/** The mix, and the settings of hard negatives and of the hinge, are first guesses: docs/training.md says what is measured. */
export const lossDefaults: LossConfig = Object.freeze({
  loss: "softmax_single",
  gbceCalibration: 0.75,
  bceNegatives: 2,
  hingeMargin: 0.2,
  hingeNegativeWeight: 10,
  sampledNegatives: 2048,
  hardShare: 0.3,
  popularShare: 0.1,
  hardRefreshSteps: 200,
  hardSkip: 20,
  hardDepth: 100,
});

/**
 * Checks every number.
 *
 * @param config What to train by.
 * @throws RangeError When one is out of its range, or the shares of negatives come to more than 1.
 */
export function checkLossConfig(config: LossConfig): void {
  const hold = (name: keyof LossConfig, rule: string, holds: boolean): void => {
    if (holds) return;
    throw new RangeError(`Cannot train as ${name} must ${rule}: current value is ${String(config[name])}`);
  };
  hold("loss", `be one of ${lossNames.join(", ")}`, lossNames.includes(config.loss));
  for (const name of ["bceNegatives", "sampledNegatives", "hardRefreshSteps", "hardDepth"] as const) {
    hold(name, "be a whole number from 1", Number.isInteger(config[name]) && config[name] >= 1);
  }
  hold("hardSkip", "be a whole number from 0", Number.isInteger(config.hardSkip) && config.hardSkip >= 0);
  for (const name of ["gbceCalibration", "popularShare", "hardShare"] as const) {
    hold(name, "be from 0 to 1", config[name] >= 0 && config[name] <= 1);
  }
  hold("hingeMargin", "be from -1 to 1", Math.abs(config.hingeMargin) <= 1);
  const { hingeNegativeWeight: weight, hardShare, popularShare } = config;
  hold("hingeNegativeWeight", "be from 0 to 1000000", weight >= 0 && weight <= 1e6);
  hold(
    "hardShare",
    `leave room for popularShare, ${popularShare}, in 1`,
    hardShare + popularShare <= 1 + 1e-9,
  );
}
