import {
  add,
  type Dim,
  div,
  gradients,
  input,
  mul,
  parameter,
  reduceSum,
  sub,
  type Value,
} from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import {
  itemOutput,
  type TowerConfig,
  type TowerLayouts,
  type TowerParameter,
  userDirection,
} from "../towers/mod.ts";
import { type AdamWOptions, adamW } from "./adamw-graph.ts";
import type { BagPlan } from "./bag-plan.ts";
import { logTemperature } from "./log-temperature.ts";
import { stateName } from "./parameter-store.ts";
import { headLoss } from "./task-heads.ts";
import { blockRows, plannedSources } from "./tower-sources.ts";
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

/** Inputs of a step beside features and state. */
export const stepInputs = {
  targets: "targets",
  offset: "offset",
  /** Scalars of AdamW, see `adamWScalars`. */
  stepSize: "step_size",
  epsilon: "epsilon",
  decay: "decay",
  /** Share of the running average that is kept. */
  averaging: "averaging",
} as const;

/** The constants of the optimiser as a configuration has them. */
export function adamWOptions(training: TrainingConfig): AdamWOptions {
  const { beta1, beta2, epsilon, weightDecay, clipNorm } = training;
  return { beta1, beta2, epsilon, weightDecay, clipNorm: clipNorm > 0 ? clipNorm : Number.POSITIVE_INFINITY };
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
  const learned = new Map(
    parameters.map((spec) => {
      const plan = plans.find(
        ({ side, layout }) => side === spec.bag?.side && layout.name === spec.bag.layout.name,
      );
      const rows = plan === undefined ? spec.shape[0] : blockRows(plan, rowsOf[plan.side]);
      return [spec.name, parameter(spec.name, [rows, spec.shape[1]])];
    }),
  );
  const get = (name: string): Value => learned.get(name)!;
  const masked = towers.hiddenDropout > 0;
  const side = (name: "item" | "user") =>
    plannedSources(name, { layout: layouts[name], plans, rows: rowsOf[name], parameter: get, masked });
  const user = side("user");
  const item = side("item");
  const targets = input(stepInputs.targets, ["users", candidates]);
  const offset = options.hasOffset ? input(stepInputs.offset, ["users", candidates]) : undefined;
  const vectors = {
    user: userDirection(towers, layouts.user, user.sources),
    item: itemOutput(towers, layouts.item, item.sources),
  };
  const heads = headLoss({ ...vectors, towers, config: training, parameter: get });
  const total = trainingLoss({
    ...vectors,
    logTemperature: logTemperature(towers, get),
    targets,
    offset,
    samplingRate: options.samplingRate,
    training,
  });
  // Per viewer for the optimiser, so that viewers with long histories count for more; per positive for people.
  const loss = mul(heads === undefined ? total : add(total, heads.loss), 1 / training.batchUsers);
  const wanted = parameters.map(({ name }) => get(name));
  const found = gradients(loss, wanted);
  const scalars = {
    stepSize: input(stepInputs.stepSize, []),
    epsilon: input(stepInputs.epsilon, []),
    decay: input(stepInputs.decay, []),
  };
  const averaging = input(stepInputs.averaging, []);
  const moments = (kind: "moment1" | "moment2"): readonly Value[] =>
    parameters.map(({ name }, index) => parameter(stateName(name, kind), wanted[index]!.shape));
  const updated = adamW({
    parameters: wanted,
    gradients: found,
    moments1: moments("moment1"),
    moments2: moments("moment2"),
    scalars,
    decays: parameters.map(({ decays }) => decays),
    options: adamWOptions(training),
  });
  const outputs: Record<string, Value> = { loss: div(total, reduceSum(targets)) };
  for (const [index, { name }] of parameters.entries()) {
    const next = updated.parameters[index]!;
    outputs[`${name}.next`] = next;
    outputs[`${stateName(name, "moment1")}.next`] = updated.moments1[index]!;
    outputs[`${stateName(name, "moment2")}.next`] = updated.moments2[index]!;
    if (training.averaging === 0) continue;
    // average ← w + d (average - w), Polyak & Juditsky 1992 with exponential weights.
    const average = parameter(stateName(name, "average"), next.shape);
    outputs[`${stateName(name, "average")}.next`] = add(next, mul(averaging, sub(average, next)));
  }
  const inputs = [
    ...user.inputs.values(),
    ...item.inputs.values(),
    targets,
    scalars.stepSize,
    scalars.epsilon,
  ];
  if (training.weightDecay > 0) inputs.push(scalars.decay);
  if (offset !== undefined) inputs.push(offset);
  if (heads !== undefined) inputs.push(...heads.inputs);
  if (training.averaging > 0) inputs.push(averaging);
  return { inputs, outputs, gradients: found };
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
