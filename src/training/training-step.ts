import type { Random } from "../base/mod.ts";
import type { Session, Tensor } from "../onnx/mod.ts";
import { adamWScalars } from "./adamw-graph.ts";
import type { ParameterStore } from "./parameter-store.ts";
import { adamWOptions, stepInputs } from "./parameter-updates.ts";
import type { BatchFeeder } from "./step-feeder.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What every step works with. */
export interface StepOptions {
  readonly training: TrainingConfig;
  readonly store: ParameterStore;
  readonly session: Session;
  readonly feeder: BatchFeeder;
}

/** One step. */
export interface TrainingStep {
  /** People of the dataset. */
  readonly users: Int32Array;
  /** The step's own source. */
  readonly random: Random;
  /** Steps done before it. */
  readonly step: number;
  /** Share of all steps that is done, 0-1. */
  readonly done: number;
  /** Learning rate. */
  readonly rate: number;
}

/**
 * Runs one step of the compiled graph and keeps what it wrote, unless the loss is no longer finite.
 *
 * @param options The graph, what feeds it, and the parameters, which it changes.
 * @param at Which step.
 * @returns The mean loss per positive.
 */
export async function runStep(options: StepOptions, at: TrainingStep): Promise<number> {
  const { training, store, session, feeder } = options;
  const { step } = at;
  const feed = feeder.feed(at.users, { random: at.random, done: at.done });
  const { inputs, outputs } = store.step(feed.rows, step);
  const scalars = adamWScalars({ step: step + 1, learningRate: at.rate }, adamWOptions(training));
  const steering: Record<string, Tensor> = {
    [stepInputs.stepSize]: number(scalars.stepSize),
    [stepInputs.epsilon]: number(scalars.epsilon),
  };
  if (training.weightDecay > 0) steering[stepInputs.decay] = number(scalars.decay);
  if (training.averaging > 0) {
    // A young average forgets its start quickly: (1 + t) / (10 + t), as TensorFlow's moving averages do.
    steering[stepInputs.averaging] = number(Math.min(training.averaging, (1 + step) / (10 + step)));
  }
  const result = await session.run({ ...feed.inputs, ...inputs, ...steering }, outputs);
  const loss = result["loss"]!.data[0]!;
  if (Number.isFinite(loss)) store.commit(feed.rows, step);
  return loss;
}

const number = (value: number): Tensor => ({ dtype: "float32", shape: [], data: Float32Array.of(value) });
