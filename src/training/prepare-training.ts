import { createRandom, type Random } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { type FittedFeatures, fitFeatures } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import {
  initialWeights,
  resolveTowerConfig,
  type TowerConfig,
  type TowerLayouts,
  towerParameters,
} from "../towers/mod.ts";
import { planBags } from "./bag-plan.ts";
import { FeatureDropout } from "./feature-dropout.ts";
import type { FitOptions } from "./fit-options.ts";
import { type HardNegatives, openHardNegatives } from "./hard-negatives.ts";
import { ParameterStore } from "./parameter-store.ts";
import { StepFeeder } from "./step-feeder.ts";
import { emitStep } from "./step-graph.ts";
import { resolveTrainingConfig, type TrainingConfig } from "./training-config.ts";
import { readTrainingData, type TrainingData } from "./training-data.ts";
import { holdOut, type ValidationSet } from "./validation-set.ts";
import { startWarm, type TrainingStart } from "./warm-start.ts";

/** Everything that steps are taken with, before the first. */
export interface PreparedTraining {
  readonly random: Random;
  readonly train: Dataset;
  readonly validation: ValidationSet | undefined;
  readonly features: FittedFeatures;
  readonly data: TrainingData;
  /** People with positives. */
  readonly users: Int32Array;
  /** The configuration with the batch that fits the number of viewers. */
  readonly training: TrainingConfig;
  readonly config: TowerConfig;
  readonly layouts: TowerLayouts;
  readonly start: TrainingStart;
  /** To be closed. */
  readonly hardNegatives: HardNegatives | undefined;
  readonly store: ParameterStore;
  /** The training step. */
  readonly onnx: Uint8Array;
  readonly feeder: StepFeeder;
}

/**
 * Holds validation data out, fits features, resolves the towers, starts their weights, and compiles the step.
 *
 * @param runtime What hard negatives are found by.
 * @param what The data, and how to train on it.
 * @returns What steps are taken with.
 * @throws RangeError When the dataset has no likes, a setting is out of range, or a parent does not fit.
 */
export async function prepareTraining(
  runtime: Runtime,
  { dataset, options }: { readonly dataset: Dataset; readonly options: FitOptions },
): Promise<PreparedTraining> {
  const asked = resolveTrainingConfig(options.training);
  const random = createRandom(asked.seed);
  const { train, validation } = divide(dataset, { options, training: asked, random });
  const features = fitFeatures(options.schema, train);
  const data = readTrainingData(train, { features, training: asked });
  const { training } = data;
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const config = resolveTowerConfig(options.towers, layouts);
  const parameters = towerParameters(config, layouts);
  const plans = planBags({
    layouts,
    items: data.items,
    candidates: data.candidates.fixed,
    denseRows: training.denseRows,
  });
  const { warmStart } = options;
  const initial = initialWeights(config, { parameters, random: random.fork("weights") });
  const start: TrainingStart = warmStart
    ? startWarm(initial, { warmStart, features, parameters })
    : { kind: "fresh" };
  const hardNegatives = await openHardNegatives(runtime, {
    ...data,
    config,
    features,
    dataset: train,
    random: random.fork("hard negatives"),
  });
  const store = new ParameterStore(initial, { parameters, plans, averaging: training.averaging });
  const onnx = emitStep({
    towers: config,
    training,
    layouts,
    parameters,
    plans,
    candidates: data.candidates.fixed?.length,
    hasOffset: data.candidates.hasOffset,
    samplingRate: data.candidates.samplingRate,
  });
  const feeder = new StepFeeder({
    dataset: train,
    features,
    items: data.items,
    towers: config,
    training,
    featureDropout: new FeatureDropout(training.featureDropout, { features, items: data.items }),
    parameters,
    plans,
    candidates: data.candidates,
    denseUsers: data.denseUsers,
  });
  return {
    random,
    train,
    validation,
    features,
    data,
    users: data.users,
    training,
    config,
    layouts,
    start,
    hardNegatives,
    store,
    onnx,
    feeder,
  };
}

function divide(
  dataset: Dataset,
  { options, training, random }: { options: FitOptions; training: TrainingConfig; random: Random },
): { readonly train: Dataset; readonly validation: ValidationSet | undefined } {
  if (options.validation === "none") return { train: dataset, validation: undefined };
  if (options.validation !== undefined) return { train: dataset, validation: options.validation };
  return holdOut(dataset, { share: training.validationShare, random: random.fork("validation") });
}
