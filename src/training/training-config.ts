import type { FeatureSchemaInput } from "../features/mod.ts";
import { checkLossConfig, type LossConfig, lossDefaults } from "./loss-config.ts";
import { checkNextItem, hasSequence, nextItemDefaults } from "./next-item-config.ts";

/** How training goes about it: plain data, kept in the model's manifest. */
export interface TrainingConfig extends LossConfig {
  readonly kind: "training_config";
  /** Every draw follows from it: the same seed on the same machine gives the same model. */
  readonly seed: number;
  /** Most viewers per step. */
  readonly batchUsers: number;
  /** With few viewers a step takes fewer, so that an epoch has this many steps, down to 32 viewers; 1 to leave it. */
  readonly stepsPerEpoch: number;
  /** Most passes over the viewers. */
  readonly epochs: number;
  /** Epochs without a better validation figure before it stops; 0 to run them all. */
  readonly patience: number;
  /** Epochs between two validations. */
  readonly validateEvery: number;
  /** Peak learning rate of AdamW. */
  readonly learningRate: number;
  /** Steps over which the rate rises from 0. */
  readonly warmupSteps: number;
  /** What the rate does after the warm-up. `plateau` halves it when validation has not improved for a while. */
  readonly schedule: "constant" | "cosine" | "plateau";
  /** Of `plateau`: validations without a better figure before the rate is halved. */
  readonly plateauPatience: number;
  /** Decoupled weight decay: each step takes rate × this share off every decaying weight. */
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest global norm of the gradient of the loss, which is a mean over viewers; 0 for no limit. */
  readonly clipNorm: number;
  /** Share of the average kept at each step when weights are averaged; 0 for no averaging. */
  readonly averaging: number;
  /** What a like counts. */
  readonly likeWeight: number;
  /** What a view counts when enough was watched; 0 to ignore views. */
  readonly viewWeight: number;
  /** Share of an item that has to be watched for a view to count, 0-1. */
  readonly viewThreshold: number;
  /** What a view above the threshold counts: `flat` all of `viewWeight`, `watched` in proportion to what was watched above it. */
  readonly viewCounts: "flat" | "watched";
  /** Days by which a positive has to be older than the last event to count half as much; null: all ages count alike. */
  readonly targetHalfLifeDays: number | null;
  /** Seconds within which a like is taken back, or below which its item was watched, for it to be accidental; 0: none is. */
  readonly bounceSeconds: number;
  /** Likes without a view, within `burstSeconds`, from which on they are accidental; 0: none are. */
  readonly burstLikes: number;
  readonly burstSeconds: number;
  /** What an accidental like counts beside another, 0-1; 0 drops it. */
  readonly accidentalWeight: number;
  /** How many times a refused item counts among the negatives; 1 as any other. */
  readonly nopeWeight: number;
  /** Up to this many items the whole catalogue is scored at every step, and the softmax is exact. */
  readonly maxCandidates: number;
  /** Most positives per viewer that enter one step when the catalogue is larger; drawn anew each step. */
  readonly maxPositives: number;
  /**
   * d: what the loss adds to the logit of every item before they compete, d · log(likes + 1). What popularity explains the
   * towers then need not learn, and what they serve, without the addition, leans on it less: more of the catalogue is
   * shown. 0 for what is likeliest to be liked. (Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv 2007.07314.)
   */
  readonly popularityDiscount: number;
  /** Which items may be candidates: those somebody liked, or all. */
  readonly candidateItems: "liked" | "all";
  /** Tables up to this many rows stay whole in the graph; of larger ones only the rows of the batch. */
  readonly denseRows: number;
  /**
   * Share of the item ids left out in the first step, from where it goes in a straight line to the towers' `idDropout`;
   * null: that from the start.
   */
  readonly idDropoutStart: number | null;
  /** Share of all steps after which `idDropout` is reached, 0-1. */
  readonly idDropoutShare: number;
  /**
   * Share of the rows, at each step, for which a feature reads as if it were missing, by `user.<name>` and `item.<name>`;
   * `*` for every content feature that is a bag and is not named. Serving does not know of it.
   */
  readonly featureDropout: Readonly<Record<string, number>>;
  /**
   * Share of the rows, at each step, that are fed as viewers who have just come: with no event or a few, and a taste they might
   * have declared where a feature reads one, 0-1. Without them what towers say of a history of one or two likes is worse than
   * popularity by far.
   */
  readonly newViewerShare: number;
  /**
   * What each head counts in the loss beside the ranking, per item that a viewer met; 0 leaves it out. They learn whether
   * it is liked, which share is watched, and whether it is refused; the vectors stay one.
   */
  readonly likeHeadWeight: number;
  readonly watchHeadWeight: number;
  readonly nopeHeadWeight: number;
  /** Share of the viewers held out for validation when none are handed in, 0-0.5. */
  readonly validationShare: number;
  /** Steps between two checkpoints, where a store for them is handed in. */
  readonly checkpointSteps: number;
}

/** What may be changed; everything else as {@link trainingDefaults}. */
export type TrainingOptions = Partial<Omit<TrainingConfig, "kind">>;

/** Tuned on validation viewers of MovieLens-1M; see docs and `bench train`. */
export const trainingDefaults: TrainingConfig = Object.freeze({
  kind: "training_config",
  ...lossDefaults,
  seed: 42,
  batchUsers: 256,
  stepsPerEpoch: 16,
  epochs: 100,
  patience: 10,
  validateEvery: 2,
  learningRate: 2e-3,
  warmupSteps: 50,
  schedule: "constant",
  plateauPatience: 3,
  weightDecay: 0.4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clipNorm: 0,
  averaging: 0.98,
  likeWeight: 1,
  viewWeight: 0.5,
  viewThreshold: 0.5,
  viewCounts: "flat",
  targetHalfLifeDays: null,
  bounceSeconds: 3,
  burstLikes: 10,
  burstSeconds: 10,
  accidentalWeight: 0,
  nopeWeight: 1,
  maxCandidates: 8192,
  maxPositives: 32,
  popularityDiscount: 0,
  candidateItems: "liked",
  denseRows: 8192,
  idDropoutStart: null,
  idDropoutShare: 0.5,
  featureDropout: Object.freeze({}),
  newViewerShare: 0.1,
  likeHeadWeight: 0,
  watchHeadWeight: 0,
  nopeHeadWeight: 0,
  validationShare: 0.1,
  checkpointSteps: 200,
});

/**
 * The defaults with changes, checked.
 *
 * @param options What to change.
 * @param schema What the towers will read: with a sequence other defaults hold, and less may be asked for.
 * @returns A frozen, complete configuration.
 * @throws RangeError When a number is out of its range, or a sequence cannot be trained so.
 */
export function resolveTrainingConfig(
  options: TrainingOptions = {},
  schema?: FeatureSchemaInput,
): TrainingConfig {
  if (schema === undefined || !hasSequence(schema)) return resolveConfig(options);
  const config = resolveConfig({ ...nextItemDefaults, ...options });
  checkNextItem(config);
  return config;
}

function resolveConfig(options: TrainingOptions): TrainingConfig {
  // Earlier configurations know of popular negatives alone: hard ones leave them their share.
  const hardShare = Math.min(trainingDefaults.hardShare, 1 - (options.popularShare ?? 0));
  const config: TrainingConfig = Object.freeze({ ...trainingDefaults, hardShare, ...options });
  const whole = (names: readonly (keyof TrainingConfig)[], least: number): void => {
    for (const name of names) {
      const value = config[name] as number;
      if (!Number.isInteger(value) || value < least) refuse(name, `be a whole number from ${least}`, value);
    }
  };
  const within = (names: readonly (keyof TrainingConfig)[], least: number, most: number): void => {
    for (const name of names) {
      const value = config[name] as number;
      if (!(value >= least && value <= most)) refuse(name, `be from ${least} to ${most}`, value);
    }
  };
  whole(["batchUsers", "stepsPerEpoch", "epochs", "validateEvery", "plateauPatience", "maxCandidates"], 1);
  whole(["maxPositives", "denseRows", "checkpointSteps"], 1);
  within(["viewThreshold", "accidentalWeight", "idDropoutShare"], 0, 1);
  within(["newViewerShare", "popularityDiscount"], 0, 1);
  within(["bounceSeconds", "burstSeconds"], 0, 3600);
  whole(["burstLikes"], 0);
  within(["likeHeadWeight", "watchHeadWeight", "nopeHeadWeight"], 0, 1e6);
  if (config.targetHalfLifeDays !== null) within(["targetHalfLifeDays"], 0.01, 1e6);
  if (config.idDropoutStart !== null) within(["idDropoutStart"], 0, 0.999_999);
  for (const [name, share] of Object.entries(config.featureDropout)) {
    if (!(share >= 0 && share < 1)) refuse(`featureDropout of ${name}`, "be from 0 up to but not 1", share);
  }
  if (!["flat", "watched"].includes(config.viewCounts)) {
    refuse("viewCounts", "be flat or watched", config.viewCounts);
  }
  within(["beta1", "beta2", "averaging"], 0, 0.999_999);
  within(["validationShare"], 0, 0.5);
  within(["learningRate", "epsilon"], 1e-12, 1);
  within(["weightDecay", "clipNorm", "likeWeight", "viewWeight"], 0, 1e6);
  within(["nopeWeight"], 1, 1e6);
  if (!["constant", "cosine", "plateau"].includes(config.schedule)) {
    refuse("schedule", "be constant, cosine or plateau", config.schedule);
  }
  checkLossConfig(config);
  if (config.loss === "hinge" && config.popularityDiscount !== 0) {
    refuse(
      "popularityDiscount",
      "be 0 where the loss is hinge, which has no logits",
      config.popularityDiscount,
    );
  }
  if (!["liked", "all"].includes(config.candidateItems)) {
    refuse("candidateItems", "be liked or all", config.candidateItems);
  }
  return config;
}

function refuse(name: string, rule: string, value: unknown): never {
  throw new RangeError(`Cannot train as ${name} must ${rule}: current value is ${String(value)}`);
}
