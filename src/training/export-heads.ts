import {
  linearTables,
  packedLength,
  type ServedHead,
  type ServedHeads,
  type Task,
  type TowerConfig,
  type Weights,
} from "../towers/mod.ts";
import {
  activeTasks,
  headParameterPrefix,
  startingScale,
  startingWeight,
  type TaskWeights,
} from "./task-heads.ts";

/** Which heads, over which vectors. */
export interface HeadShape {
  /** As they are served. */
  readonly towers: TowerConfig;
  readonly training: TaskWeights;
}

/** Names of what the heads learn. */
const learned = {
  weight: `${headParameterPrefix}weight`,
  bias: `${headParameterPrefix}bias`,
  logScale: `${headParameterPrefix}log_scale`,
} as const;

/**
 * The heads as they are served: over the vectors that are stored, so that whoever has both vectors needs nothing else. With
 * user = [u, 1, 0] / √2 and item = [v, c, slack] / M (M² = 1 + limit²; with a linear part see `packedLength`), the logit of
 * training is
 *
 *   z = e^(g + ln 4) · [ Σ_d (s + w_d) u_d v_d + (s + w_c) c ] + b  =  √2 M e^(g + ln 4) · Σ_d weight_d user_d item_d + b
 *
 * @param weights What was learned, by parameter name.
 * @param shape Towers and which heads are on.
 * @returns Undefined where none is.
 */
export function exportHeads(weights: Weights, { towers, training }: HeadShape): ServedHeads | undefined {
  const active = activeTasks(training);
  if (active.length === 0) return undefined;
  const count = active.length;
  const heads: Partial<Record<Task, ServedHead>> = {};
  for (const [column, task] of active.entries()) {
    const own = (name: string, row = 0): number => weights[name]![row * count + column]!;
    const width = weights[learned.weight]!.length / count;
    heads[task] = {
      // What no head reads, as the slack, counts nothing.
      weights: Array.from({ length: towers.dims }, (_, d) =>
        d < width ? Math.fround(startingWeight(task) + own(learned.weight, d)) : 0,
      ),
      scale:
        packedLength(towers, weights[linearTables.reach]?.[0]) *
        Math.exp(own(learned.logScale) + startingScale),
      bias: own(learned.bias),
    };
  }
  return { kind: "served_heads", heads };
}

/**
 * Puts a parent's heads over fresh ones, task by task: those that it lacks start as in any training.
 *
 * @param weights Fresh weights by parameter name; overwritten in place.
 * @param parent Its heads, over vectors of the same width, and the g of its linear part.
 * @param shape Towers as they are served, and which heads are on.
 * @returns The tasks that were carried over.
 */
export function startHeads(
  weights: Weights,
  { heads, reach }: { readonly heads?: ServedHeads | undefined; readonly reach?: number | undefined },
  { towers, training }: HeadShape,
): readonly Task[] {
  const active = activeTasks(training);
  const carried = active.filter((task) => heads?.heads[task]?.weights.length === towers.dims);
  for (const task of carried) {
    const head = heads!.heads[task]!;
    const column = active.indexOf(task);
    const width = weights[learned.weight]!.length / active.length;
    for (let d = 0; d < width; d++) {
      weights[learned.weight]![d * active.length + column] = head.weights[d]! - startingWeight(task);
    }
    weights[learned.bias]![column] = head.bias;
    weights[learned.logScale]![column] = Math.log(head.scale / packedLength(towers, reach)) - startingScale;
  }
  return carried;
}
