import { add, type Dim, div, input, mul, reduceSum, type Value } from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import {
  itemOutput,
  type TowerConfig,
  type TowerLayouts,
  type TowerParameter,
  userDirection,
} from "../towers/mod.ts";
import type { BagPlan } from "./bag-plan.ts";
import { logTemperature } from "./log-temperature.ts";
import { learnedValues, parameterUpdates, stepInputs } from "./parameter-updates.ts";
import { headLoss } from "./task-heads.ts";
import { plannedSources } from "./tower-sources.ts";
import type { TrainingConfig } from "./training-config.ts";
import { trainingLoss } from "./training-loss.ts";

/** What {@link stepGraph} is built from. */
export interface StepGraphOptions {
  readonly towers: TowerConfig;
  readonly training: TrainingConfig;
  readonly layouts: TowerLayouts;
  readonly parameters: readonly TowerParameter[];
  readonly plans: readonly BagPlan[];
  /** How many candidates, where always the same. */
  readonly candidates: number | undefined;
  /** Whether logits get an offset. */
  readonly hasOffset: boolean;
  /** Share of all negatives that are drawn. */
  readonly samplingRate: number;
}

/** A training step before it is emitted. */
export interface StepGraph {
  readonly inputs: readonly Value[];
  /** `loss` per positive, `<state>.next` for every parameter state, and `<parameter>.gradient` on request. */
  readonly outputs: Readonly<Record<string, Value>>;
}

/**
 * One training step as one graph: forward, loss, gradients, clipping, AdamW, and the running average of the weights.
 *
 * @param options Towers, training, and how bags are summed.
 * @returns Inputs and outputs, for {@link emitStep} or for a test.
 */
export function stepGraph(options: StepGraphOptions): StepGraph & { readonly gradients: readonly Value[] } {
  const { towers, training, layouts, plans, parameters } = options;
  const candidates: Dim = options.candidates ?? "candidates";
  const rowsOf = { user: "users", item: candidates } as const;
  const get = learnedValues(parameters, { plans, rowsOf });
  const masked = towers.hiddenDropout > 0;
  const side = (name: "item" | "user") =>
    plannedSources(name, { layout: layouts[name], plans, rows: rowsOf[name], parameter: get, masked });
  const user = side("user");
  const item = side("item");
  const targets = input(stepInputs.targets, ["users", candidates]);
  const offset = options.hasOffset ? input(stepInputs.offset, ["users", candidates]) : undefined;
  const adjustment =
    training.popularityDiscount > 0 ? input(stepInputs.adjustment, [1, candidates]) : undefined;
  const vectors = {
    user: userDirection(towers, layouts.user, user.sources),
    item: itemOutput(towers, layouts.item, item.sources),
  };
  const heads = headLoss({ ...vectors, towers, config: training, parameter: get });
  const total = trainingLoss({
    ...vectors,
    logTemperature: logTemperature(towers, get),
    adjustment,
    targets,
    offset,
    samplingRate: options.samplingRate,
    training,
  });
  // Per viewer for the optimiser, so that viewers with long histories count for more; per positive for people.
  const loss = mul(heads === undefined ? total : add(total, heads.loss), 1 / training.batchUsers);
  const updates = parameterUpdates(loss, { parameters, value: get, training });
  const inputs = [...user.inputs.values(), ...item.inputs.values(), targets, ...updates.inputs];
  if (offset !== undefined) inputs.push(offset);
  if (adjustment !== undefined) inputs.push(adjustment);
  if (heads !== undefined) inputs.push(...heads.inputs);
  const outputs = { loss: div(total, reduceSum(targets)), ...updates.outputs };
  return { inputs, outputs, gradients: updates.gradients };
}

/**
 * The step as ONNX bytes.
 *
 * @param options Towers, training, and how bags are summed.
 * @returns The model.
 */
export function emitStep(options: StepGraphOptions): Uint8Array {
  const { inputs, outputs } = stepGraph(options);
  return emitOnnx({ name: "training_step", inputs, outputs });
}
