import type { RowLayout } from "../features/mod.ts";
import { type Dim, input, matMul, mul, type Value } from "../graph/mod.ts";
import { gatheredSum, type TowerSide, type TowerSources } from "../towers/mod.ts";
import type { BagPlan } from "./bag-plan.ts";

/** The inputs of one tower inside a larger graph, and the sources to build it over. */
export interface PlannedSources {
  readonly sources: TowerSources;
  /** Inputs by name; masks are added when the tower asks for them. */
  readonly inputs: Map<string, Value>;
}

/** What {@link plannedSources} is given. */
export interface PlannedOptions {
  readonly layout: RowLayout;
  readonly plans: readonly BagPlan[];
  /** Rows of this side: a name, or a count that never changes. */
  readonly rows: Dim;
  readonly parameter: (name: string) => Value;
  /** Whether hidden layers take dropout masks. */
  readonly masked: boolean;
}

/** Names of the inputs that training and validation feed. */
export const inputNames = {
  dense: (side: TowerSide) => `${side}.dense`,
  mask: (layer: string) => `${layer}.mask`,
  multiHot: (side: TowerSide, bag: string) => `${side}.${bag}.multi_hot`,
  indices: (side: TowerSide, bag: string) => `${side}.${bag}.indices`,
  weights: (side: TowerSide, bag: string) => `${side}.${bag}.weights`,
};

/**
 * Rows of the block that a plan's tables have in the graph.
 *
 * @param plan One bag.
 * @param rows Rows of its side.
 * @returns A count, or a name where it differs from step to step.
 */
export function blockRows(plan: BagPlan, rows: Dim): Dim {
  if (plan.formulation === "aligned") return rows;
  return plan.residency === "whole" ? plan.layout.vocabulary : `${plan.side}.${plan.layout.name}.rows`;
}

/**
 * Sums bags as they are planned.
 *
 * @param side Which tower.
 * @param options Layout, plans, rows and parameters.
 * @returns Sources, and the inputs they read.
 */
export function plannedSources(side: TowerSide, options: PlannedOptions): PlannedSources {
  const { layout, plans, rows } = options;
  const inputs = new Map<string, Value>();
  const need = (name: string, make: (name: string) => Value): Value => {
    const known = inputs.get(name) ?? make(name);
    inputs.set(name, known);
    return known;
  };
  const sources: TowerSources = {
    parameter: options.parameter,
    dense:
      layout.denseWidth === 0
        ? undefined
        : need(inputNames.dense(side), (name) => input(name, [rows, layout.denseWidth])),
    sumBag: (bag, tableName) => {
      const plan = plans.find((candidate) => candidate.side === side && candidate.layout.name === bag.name)!;
      const table = options.parameter(tableName);
      if (plan.formulation === "aligned") {
        return mul(
          table,
          need(inputNames.weights(side, bag.name), (name) => input(name, [rows, 1])),
        );
      }
      if (plan.formulation === "multi_hot") {
        const matrix = need(inputNames.multiHot(side, bag.name), (name) =>
          input(name, [rows, blockRows(plan, rows)]),
        );
        return matMul(matrix, table);
      }
      const shape = [rows, `${side}.${bag.name}.length`] as const;
      const indices = need(inputNames.indices(side, bag.name), (name) => input(name, shape, "int32"));
      const weights = need(inputNames.weights(side, bag.name), (name) => input(name, shape));
      return gatheredSum(bag, { indices, weights, table });
    },
    mask: (layer, units) =>
      options.masked ? need(inputNames.mask(layer), (name) => input(name, [rows, units])) : undefined,
  };
  return { sources, inputs };
}
