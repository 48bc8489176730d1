import { add, type Dim, gradients, input, mul, parameter, sub, type Value } from "../graph/mod.ts";
import type { TowerParameter, TowerSide } from "../towers/mod.ts";
import { type AdamWOptions, adamW } from "./adamw-graph.ts";
import type { BagPlan } from "./bag-plan.ts";
import { stateName } from "./parameter-store.ts";
import { blockRows } from "./tower-sources.ts";
import type { TrainingConfig } from "./training-config.ts";

/** Inputs of a step beside features and state. */
export const stepInputs = {
  targets: "targets",
  offset: "offset",
  /** [1, candidates]: what the loss adds to the logits of each. */
  adjustment: "adjustment",
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
 * The learned arrays as values of a step's graph: whole, or of a table the rows that the step holds.
 *
 * @param parameters All of them.
 * @param options How tables are held, and how many rows each side of the step has.
 * @returns A value by the parameter's name.
 */
export function learnedValues(
  parameters: readonly TowerParameter[],
  options: { readonly plans: readonly BagPlan[]; readonly rowsOf: Readonly<Record<TowerSide, Dim>> },
): (name: string) => Value {
  const values = new Map(
    parameters.map(({ name, shape, bag }) => {
      const plan = options.plans.find(
        ({ side, layout }) => side === bag?.side && layout.name === bag.layout.name,
      );
      const rows = plan === undefined ? shape[0] : blockRows(plan, options.rowsOf[plan.side]);
      return [name, parameter(name, [rows, shape[1]])];
    }),
  );
  return (name) => values.get(name)!;
}

/** What a step does to every parameter. */
export interface ParameterUpdates {
  /** `<state>.next` for every state of every parameter. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** The scalars that steer the optimiser. */
  readonly inputs: readonly Value[];
  /** Of the loss, by parameter. */
  readonly gradients: readonly Value[];
}

/**
 * Gradients of a loss, clipping, AdamW, and the running average of the weights, as values of the loss's graph.
 *
 * @param loss One number.
 * @param options The parameters, their values in the graph, and the configuration of the optimiser.
 * @returns Outputs, and the inputs they need beside those of the loss.
 */
export function parameterUpdates(
  loss: Value,
  options: {
    readonly parameters: readonly TowerParameter[];
    readonly value: (name: string) => Value;
    readonly training: TrainingConfig;
  },
): ParameterUpdates {
  const { parameters, training } = options;
  const wanted = parameters.map(({ name }) => options.value(name));
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
  const outputs: Record<string, Value> = {};
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
  const inputs = [scalars.stepSize, scalars.epsilon];
  if (training.weightDecay > 0) inputs.push(scalars.decay);
  if (training.averaging > 0) inputs.push(averaging);
  return { inputs, outputs, gradients: found };
}
