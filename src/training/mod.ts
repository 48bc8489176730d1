export type { LabelCounts } from "./accidental-likes.ts";
export {
  type AdamWInputs,
  type AdamWOptions,
  type AdamWOutputs,
  type AdamWScalars,
  adamW,
  adamWScalars,
} from "./adamw-graph.ts";
export type { FitOptions } from "./fit-options.ts";
export type { LearningRateCurve, RatePoint, RateSweep } from "./learning-rate-finder.ts";
export { mostLinearItems } from "./linear-columns.ts";
export type { LinearReport } from "./linear-part.ts";
export { type LossConfig, type LossName, lossNames } from "./loss-config.ts";
export type { CurvePoint, TrainedModel } from "./trained-model.ts";
export { createTrainer, type Trainer, type TrainerOptions } from "./trainer.ts";
export {
  resolveTrainingConfig,
  type TrainingConfig,
  type TrainingOptions,
  trainingDefaults,
} from "./training-config.ts";
export { type HoldOutOptions, holdOut, type ValidationSet } from "./validation-set.ts";
export type { ParentTowers, TrainingStart, WarmStart } from "./warm-start.ts";
