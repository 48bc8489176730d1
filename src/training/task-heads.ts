import {
  add,
  concat,
  constant,
  exp,
  gather,
  input,
  matMul,
  mul,
  reduceSum,
  softplus,
  sub,
  type Value,
} from "../graph/mod.ts";
import { type ItemOutput, type Task, type TowerConfig, type TowerParameter, tasks } from "../towers/mod.ts";
import type { TrainingConfig } from "./training-config.ts";

/** Loss weights by task; 0 leaves the head out. */
export type TaskWeights = Pick<TrainingConfig, "likeHeadWeight" | "watchHeadWeight" | "nopeHeadWeight">;

/** Inputs of a step with heads. */
export const headInputs = {
  /** int32 [pairs]: row of the viewer in the batch. */
  users: "heads.users",
  /** int32 [pairs]: row of the item among the candidates. */
  items: "heads.items",
  /** [pairs, heads], 0-1: what happened. */
  labels: "heads.labels",
  /** [pairs, heads]: what each counts, the task's loss weight included; 0 where nothing is known. */
  weights: "heads.weights",
} as const;

/** The learned arrays of the heads; they are part of no served tower. */
export const headParameterPrefix = "heads.";

/** How sharp a head starts: a cosine of 1 is odds of e^4. */
export const startingScale: number = Math.log(4);

/**
 * What each dimension counts before anything is learned: a head begins as the score itself, a refusal as its opposite.
 *
 * @param task Which.
 * @returns s of {@link headLogits}.
 */
export function startingWeight(task: Task): number {
  return task === "nope" ? -1 : 1;
}

/**
 * The heads that are on.
 *
 * @param config Loss weights.
 * @returns Their tasks, in the order of the columns.
 */
export function activeTasks(config: TaskWeights): readonly Task[] {
  return tasks.filter((task) => taskWeight(config, task) > 0);
}

/**
 * What a task counts in the loss.
 *
 * @param config Loss weights.
 * @param task Which.
 * @returns From 0.
 */
export function taskWeight(config: TaskWeights, task: Task): number {
  return { like: config.likeHeadWeight, watch: config.watchHeadWeight, nope: config.nopeHeadWeight }[task];
}

/**
 * What the heads learn, all zeros at the start: a head begins as the score itself, a refusal as its opposite.
 *
 * @param towers For the width of the directions, and whether items have a bias.
 * @param config Which heads are on.
 * @returns None where none is.
 */
export function headParameters(towers: TowerConfig, config: TaskWeights): readonly TowerParameter[] {
  const heads = activeTasks(config).length;
  if (heads === 0) return [];
  const width = towers.dims - 2 + (towers.biasLimit > 0 ? 1 : 0);
  const zeros = (name: string, rows: number, decays: boolean): TowerParameter => {
    return { name: `${headParameterPrefix}${name}`, shape: [rows, heads], spread: 0, decays };
  };
  return [zeros("weight", width, true), zeros("bias", 1, false), zeros("log_scale", 1, false)];
}

/** What {@link headLogits} and {@link headLoss} are made of. */
export interface HeadSources {
  readonly towers: TowerConfig;
  readonly config: TaskWeights;
  /** [users, dims - 2]. */
  readonly user: Value;
  readonly item: Pick<ItemOutput, "direction" | "bias">;
  readonly parameter: (name: string) => Value;
}

/**
 * The logit of each head h for each pair of a viewer u and an item j that they met:
 *
 *   z_h = e^(g_h) · [ Σ_d (s_h + w_hd) u_d v_jd + (s_h + w_hc) c_j ] + b_h,   s = +1 for like and watch, -1 for nope
 *
 * a scaled inner product whose dimensions each head weighs for itself.
 *
 * @param sources Vectors and parameters.
 * @param pairs Rows of viewers and items, int32 [pairs].
 * @returns [pairs, heads].
 */
export function headLogits(
  { towers, config, user, item, parameter }: HeadSources,
  pairs: { readonly users: Value; readonly items: Value },
): Value {
  const width = towers.dims - 2 + (towers.biasLimit > 0 ? 1 : 0);
  const signs = activeTasks(config).map(startingWeight);
  const start = constant(Array.from({ length: width }, () => signs).flat(), [width, signs.length]);
  const product = mul(gather(user, pairs.users), gather(item.direction, pairs.items));
  const columns =
    item.bias === undefined ? product : concat([product, gather(item.bias, pairs.items)], { axis: 1 });
  const raw = matMul(columns, add(start, parameter(`${headParameterPrefix}weight`)));
  const scale = exp(add(parameter(`${headParameterPrefix}log_scale`), startingScale));
  return add(mul(raw, scale), parameter(`${headParameterPrefix}bias`));
}

/**
 * The cross-entropy of the heads with what happened, Σ m (log(1 + e^z) - y z), and the inputs it reads. A share that was
 * watched is a label between 0 and 1.
 *
 * @param sources Vectors and parameters.
 * @returns The loss, shape [], and the inputs; undefined where no head is on.
 */
export function headLoss(
  sources: HeadSources,
): { readonly loss: Value; readonly inputs: readonly Value[] } | undefined {
  const heads = activeTasks(sources.config).length;
  if (heads === 0) return undefined;
  const users = input(headInputs.users, ["pairs"], "int32");
  const items = input(headInputs.items, ["pairs"], "int32");
  const labels = input(headInputs.labels, ["pairs", heads]);
  const weights = input(headInputs.weights, ["pairs", heads]);
  const z = headLogits(sources, { users, items });
  const loss = reduceSum(mul(weights, sub(softplus(z), mul(labels, z))));
  return { loss, inputs: [users, items, labels, weights] };
}
