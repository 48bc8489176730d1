import type { FeatureSchemaInput } from "../features/mod.ts";
import type { TowerOptions } from "../towers/mod.ts";
import type { TrainingOptions } from "./training-config.ts";
import type { ValidationSet } from "./validation-set.ts";
import type { WarmStart } from "./warm-start.ts";

/** What is trained, and how. */
export interface FitOptions {
  readonly schema: FeatureSchemaInput;
  /** @default the preset `standard` */
  readonly towers?: TowerOptions;
  readonly training?: TrainingOptions;
  /**
   * Towers to start from instead of fresh weights. Features are fitted anew all the same, and the optimiser starts as it
   * always does. What the parent was trained on it knows: a validation set from among it is found too easily.
   */
  readonly warmStart?: WarmStart;
  /**
   * Viewers to stop by, who must not be in the dataset; `"none"` to train all epochs on everybody.
   * @default a share of the viewers is held out, see `validationShare`
   */
  readonly validation?: ValidationSet | "none";
  /**
   * Epochs, of `training.epochs`, after which it pauses with a checkpoint: the model so far comes back, `finished` false,
   * and the same call with more epochs, or without a pause, goes on to what training without a pause gives.
   */
  readonly pauseAfter?: number;
  /** Stops between two steps; with a checkpoint store the same call goes on later. */
  readonly signal?: AbortSignal;
}
