import { type Csr, createRandom, type Random } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { type EncodedRows, type FittedFeatures, fitFeatures } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import {
  initialWeights,
  learnedTowers,
  linearTables,
  readTowerWeights,
  resolveTowerConfig,
  type TowerConfig,
  type TowerLayouts,
  towerParameters,
} from "../towers/mod.ts";
import type { LabelCounts } from "./accidental-likes.ts";
import { planBags } from "./bag-plan.ts";
import { fittingBatch } from "./batch-order.ts";
import { EncounterFeeder, readEncounters } from "./encounters.ts";
import { startHeads } from "./export-heads.ts";
import { FeatureDropout } from "./feature-dropout.ts";
import type { FitOptions } from "./fit-options.ts";
import { type HardNegatives, openHardNegatives } from "./hard-negatives.ts";
import { NewViewers } from "./new-viewers.ts";
import { hasSequence } from "./next-item-config.ts";
import { readNextItemData } from "./next-item-data.ts";
import { NextItemFeeder } from "./next-item-feeder.ts";
import { emitNextItemStep } from "./next-item-step.ts";
import { ParameterStore } from "./parameter-store.ts";
import { type BatchFeeder, StepFeeder } from "./step-feeder.ts";
import { emitStep } from "./step-graph.ts";
import { activeTasks, headParameters } from "./task-heads.ts";
import { resolveTrainingConfig, type TrainingConfig } from "./training-config.ts";
import { readTrainingData } from "./training-data.ts";
import { holdOut, type ValidationSet } from "./validation-set.ts";
import { startWarm, type TrainingStart } from "./warm-start.ts";

/** Everything that steps are taken with, before the first. */
export interface PreparedTraining {
  readonly random: Random;
  readonly train: Dataset;
  readonly validation: ValidationSet | undefined;
  readonly features: FittedFeatures;
  /** The whole catalogue. */
  readonly items: EncodedRows;
  /** How many of them may be candidates. */
  readonly trainedItems: number;
  /** How many people have positives. */
  readonly trainedUsers: number;
  /** What was taken for accidental. */
  readonly labels: LabelCounts;
  /** What batches are made of: people with positives, or windows of their sequences. */
  readonly users: Int32Array;
  /** Steps of each window; batches are then of similar ones. */
  readonly lengths?: Int32Array;
  /** The configuration with the batch that fits the number of viewers. */
  readonly training: TrainingConfig;
  /** The towers that are learned. */
  readonly config: TowerConfig;
  /** The towers that are served: those, and their linear part. */
  readonly served: TowerConfig;
  /** What each person took, for the linear part; absent where there is none. */
  readonly positives?: Csr;
  readonly layouts: TowerLayouts;
  readonly start: TrainingStart;
  /** To be closed. */
  readonly hardNegatives: HardNegatives | undefined;
  readonly store: ParameterStore;
  /** The training step. */
  readonly onnx: Uint8Array;
  readonly feeder: BatchFeeder;
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
  const asked = resolveTrainingConfig(options.training, options.schema);
  const random = createRandom(asked.seed);
  const { train, validation } = divide(dataset, { options, training: asked, random });
  const features = fitFeatures(options.schema, train);
  const basis: Basis = { asked, random, train, validation, features };
  return hasSequence(options.schema)
    ? prepareNextItem(basis, options)
    : preparePooled(runtime, { basis, options });
}

type Basis = Pick<PreparedTraining, "random" | "train" | "validation" | "features"> & {
  readonly asked: TrainingConfig;
};

async function preparePooled(
  runtime: Runtime,
  { basis, options }: { readonly basis: Basis; readonly options: FitOptions },
): Promise<PreparedTraining> {
  const { asked, random, train, validation, features } = basis;
  const data = readTrainingData(train, { features, training: asked });
  const { training } = data;
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const served = resolveTowerConfig(options.towers, layouts);
  const config = learnedTowers(served);
  const parameters = [...towerParameters(config, layouts), ...headParameters(config, training)];
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
  if (start.kind === "warm") {
    const { heads, userOnnx } = warmStart!.parent;
    const reach = readTowerWeights("user", userOnnx).get(linearTables.reach)?.data[0];
    startHeads(initial, { heads, reach }, { towers: served, training });
  }
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
    newViewers: new NewViewers({
      ...{ dataset: train, features, items: data.items, positives: data.positives },
      share: training.newViewerShare,
    }),
    parameters,
    plans,
    candidates: data.candidates,
    encounters:
      activeTasks(training).length === 0
        ? undefined
        : new EncounterFeeder(readEncounters(train), { config: training, items: data.items.rows }),
    denseUsers: data.denseUsers,
  });
  return {
    random,
    train,
    validation,
    features,
    items: data.items,
    trainedItems: data.candidates.fixed?.length ?? data.items.rows,
    trainedUsers: data.users.length,
    labels: data.labels,
    users: data.users,
    training,
    config,
    served,
    ...(served.linearDims > 0 && { positives: data.positives }),
    layouts,
    start,
    hardNegatives,
    store,
    onnx,
    feeder,
  };
}

function prepareNextItem(basis: Basis, options: FitOptions): PreparedTraining {
  const { asked, random, train, validation, features } = basis;
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const config = resolveTowerConfig({ preset: "sequence", ...options.towers }, layouts);
  const data = readNextItemData(train, { features, training: asked });
  const training: TrainingConfig = { ...asked, batchUsers: fittingBatch(data.rows.length, asked) };
  const parameters = towerParameters(config, layouts);
  const fixed = data.whole ? data.candidates : undefined;
  const plans = planBags({
    layouts,
    items: data.items,
    candidates: fixed,
    denseRows: training.denseRows,
  });
  const { warmStart } = options;
  const initial = initialWeights(config, { parameters, random: random.fork("weights") });
  const start: TrainingStart = warmStart
    ? startWarm(initial, { warmStart, features, parameters })
    : { kind: "fresh" };
  return {
    random,
    train,
    validation,
    features,
    items: data.items,
    trainedItems: data.candidates.length,
    trainedUsers: data.viewers,
    labels: data.labels,
    users: data.rows,
    lengths: data.lengths,
    training,
    config,
    served: config,
    layouts,
    start,
    hardNegatives: undefined,
    store: new ParameterStore(initial, { parameters, plans, averaging: training.averaging }),
    onnx: emitNextItemStep({
      towers: config,
      training,
      layouts,
      parameters,
      plans,
      candidates: fixed?.length,
      targetsPerStep: data.targetsPerWindow * training.batchUsers,
      samplingRate: data.whole ? 1 : Math.min(1, training.sampledNegatives / (data.candidates.length - 1)),
    }),
    feeder: new NextItemFeeder({
      data,
      features,
      towers: config,
      training,
      parameters,
      plans,
      random: random.fork("coins"),
    }),
  };
}

function divide(
  dataset: Dataset,
  { options, training, random }: { options: FitOptions; training: TrainingConfig; random: Random },
): { readonly train: Dataset; readonly validation: ValidationSet | undefined } {
  if (options.validation === "none") return { train: dataset, validation: undefined };
  if (options.validation !== undefined) return { train: dataset, validation: options.validation };
  return holdOut(dataset, {
    share: training.validationShare,
    random: random.fork("validation"),
    latest: hasSequence(options.schema),
  });
}
