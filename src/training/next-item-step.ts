import { add, type Dim, div, gather, input, mul, reduceSum, reshape, type Value } from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import {
  fieldState,
  flat,
  itemOutput,
  type SequenceInputs,
  sequenceInputs,
  sequenceStates,
} from "../towers/mod.ts";
import { logTemperature } from "./log-temperature.ts";
import { nextItemLoss } from "./next-item-loss.ts";
import { learnedValues, parameterUpdates } from "./parameter-updates.ts";
import type { StepGraphOptions } from "./step-graph.ts";
import { inputNames, plannedSources } from "./tower-sources.ts";

/** What {@link nextItemStep} is built from. */
export interface NextItemStepOptions extends Omit<StepGraphOptions, "hasOffset"> {
  /** Targets of a batch, on average. */
  readonly targetsPerStep: number;
}

/** Names of the inputs beside features, state and the optimiser's. */
export const nextItemInputs = {
  sequence: sequenceInputs((name) => `user.${name}`),
  /** Where the steps with a target stand among all steps, row after row. */
  places: "places",
  targets: "targets",
  weights: "weights",
  negatives: "negatives",
  logExpected: "log_expected",
} as const;

/**
 * One step of learning the next item at every step of every sequence, as one graph: forward, loss, gradients, AdamW.
 *
 * @param options Towers, training, and how bags are summed.
 * @returns Inputs and outputs: `loss` per target, and `<state>.next` for every parameter state.
 */
export function nextItemStep(options: NextItemStepOptions): {
  readonly inputs: readonly Value[];
  readonly outputs: Readonly<Record<string, Value>>;
  readonly gradients: readonly Value[];
} {
  const { towers, training, layouts, plans, parameters } = options;
  const candidates: Dim = options.candidates ?? "candidates";
  const rowsOf = { user: "users", item: candidates } as const;
  const get = learnedValues(parameters, { plans, rowsOf });
  const side = (name: "item" | "user") =>
    plannedSources(name, {
      layout: layouts[name],
      plans,
      rows: rowsOf[name],
      parameter: get,
      masked: false,
    });
  const user = side("user");
  const item = side("item");
  const { width, dropout } = towers.sequence!;
  const sequence: SequenceInputs = sequenceInputs((name) =>
    input(`user.${name}`, ["users", "steps"], "int32"),
  );
  const masks: Value[] = [];
  const mask = (place: string): Value => {
    const made = input(inputNames.mask(place), ["users", "steps", width]);
    masks.push(made);
    return made;
  };
  const states = sequenceStates(towers.sequence!, {
    parameter: get,
    inputs: sequence,
    ...(dropout > 0 && { mask }),
  });
  const fields = fieldState(layouts.user, user.sources);
  const places = input(nextItemInputs.places, ["targets"], "int32");
  const targets = input(nextItemInputs.targets, ["targets"], "int32");
  const weights = input(nextItemInputs.weights, ["targets", 1]);
  const negatives =
    options.candidates === undefined
      ? {
          rows: input(nextItemInputs.negatives, [training.sampledNegatives], "int32"),
          logExpected: input(nextItemInputs.logExpected, [1, training.sampledNegatives]),
        }
      : undefined;
  const seen = fields === undefined ? states : add(states, reshape(fields, ["users", 1, width]));
  const total = nextItemLoss({
    states: gather(flat(seen), places),
    output: get("user.output.weight"),
    item: itemOutput(towers, layouts.item, item.sources),
    logTemperature: logTemperature(towers, get),
    targets,
    weights,
    negatives,
    ...(training.loss === "gbce" && {
      gbce: { samplingRate: options.samplingRate, calibration: training.gbceCalibration },
    }),
  });
  const updates = parameterUpdates(mul(total, 1 / options.targetsPerStep), {
    parameters,
    value: get,
    training,
  });
  const inputs = [
    ...Object.values(sequence),
    ...user.inputs.values(),
    ...item.inputs.values(),
    ...masks,
    places,
    targets,
    weights,
    ...(negatives === undefined ? [] : [negatives.rows, negatives.logExpected]),
    ...updates.inputs,
  ];
  const outputs = { loss: div(total, reduceSum(weights)), ...updates.outputs };
  return { inputs, outputs, gradients: updates.gradients };
}

/**
 * The step as ONNX bytes.
 *
 * @param options Towers, training, and how bags are summed.
 * @returns The model.
 */
export function emitNextItemStep(options: NextItemStepOptions): Uint8Array {
  const { inputs, outputs } = nextItemStep(options);
  return emitOnnx({ name: "training_step", inputs, outputs });
}
