import type { BagLayout } from "../features/mod.ts";
import { gather, input, matMul, parameter, reshape, type Value } from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import type { Weights } from "./initial-weights.ts";
import { linearBags, withItemPart, withUserPart } from "./linear-part.ts";
import type { SequenceInputs } from "./sequence-tower.ts";
import type { TowerConfig } from "./tower-config.ts";
import { itemOutput, packItem, packUser, type TowerSources, userDirection } from "./tower-graph.ts";
import {
  type TowerLayouts,
  type TowerParameter,
  type TowerSide,
  temperatureParameter,
  towerParameters,
} from "./tower-parameters.ts";

/** A tower ready to be emitted: its output and what it reads. */
export interface ServingGraph {
  /** `dense`, `<bag>_indices`, `<bag>_weights`; of a sequence `sequence_items`, `_gaps`, `_kinds` and `_positions`. */
  readonly inputs: readonly Value[];
  /** [rows, dims], unit length. */
  readonly embedding: Value;
  /** The learned arrays it uses. */
  readonly parameters: readonly TowerParameter[];
}

/**
 * One tower as it is served: each bag is gathered from its table and summed with its weights.
 *
 * @param side Which tower.
 * @param options The shape of the towers and what they read.
 * @returns The graph.
 */
export function servingGraph(
  side: TowerSide,
  options: { readonly config: TowerConfig; readonly layouts: TowerLayouts },
): ServingGraph {
  const { config, layouts } = options;
  const layout = layouts[side];
  const parameters = towerParameters(config, layouts).filter(({ name }) => name.startsWith(`${side}.`));
  const values = new Map(parameters.map(({ name, shape }) => [name, parameter(name, shape)]));
  const learned = (name: string): Value => values.get(name)!;
  const inputs: Value[] = [];
  const dense = layout.denseWidth > 0 ? input("dense", ["rows", layout.denseWidth]) : undefined;
  if (dense !== undefined) inputs.push(dense);
  const bags = new Map<string, { readonly indices: Value; readonly weights: Value }>();
  for (const { name } of layout.bags) {
    const shape = ["rows", `${name}_length`] as const;
    const bag = {
      indices: input(`${name}_indices`, shape, "int32"),
      weights: input(`${name}_weights`, shape),
    };
    bags.set(name, bag);
    inputs.push(bag.indices, bag.weights);
  }
  const sequence = layout.sequence && sequenceInputs((name) => input(name, ["rows", "steps"], "int32"));
  if (sequence !== undefined) inputs.push(...Object.values(sequence));
  const sources: TowerSources = {
    parameter: learned,
    dense,
    ...(sequence && { sequence }),
    sumBag: (bag, table) => gatheredSum(bag, { ...bags.get(bag.name)!, table: learned(table) }),
  };
  const packed =
    side === "user"
      ? packUser(userDirection(config, layout, sources))
      : packItem(itemOutput(config, layout, sources), config.biasLimit);
  const embedding =
    config.linearDims === 0 ? packed : withLinearPart(packed, side, { config, layouts, sources });
  return { inputs, embedding, parameters };
}

function withLinearPart(
  packed: Value,
  side: TowerSide,
  of: { readonly config: TowerConfig; readonly layouts: TowerLayouts; readonly sources: TowerSources },
): Value {
  const { sources } = of;
  const bags = linearBags(of.layouts)!;
  if (side === "user") return withUserPart(packed, bags, sources);
  return withItemPart(packed, { bags, config: of.config }, sources);
}

/**
 * The inputs of a sequence.
 *
 * @param make Makes one, [rows, steps] of int32, by its name.
 * @returns All four.
 */
export function sequenceInputs<T>(make: (name: string) => T): Record<keyof SequenceInputs, T> {
  return {
    items: make("sequence_items"),
    gaps: make("sequence_gaps"),
    kinds: make("sequence_kinds"),
    positions: make("sequence_positions"),
  };
}

/**
 * Σ_l weight_l · table[index_l], for padded rows.
 *
 * @param bag For the name of its length.
 * @param operands `indices` and `weights` [rows, length], `table` [vocabulary, width].
 * @returns [rows, width].
 */
export function gatheredSum(
  bag: BagLayout,
  operands: { readonly indices: Value; readonly weights: Value; readonly table: Value },
): Value {
  const { indices, weights, table } = operands;
  const rows = indices.shape[0]!;
  const width = table.shape[1]!;
  // [rows, 1, length] × [rows, length, width]: the product sums without writing the weighted vectors.
  const row = reshape(weights, [rows, 1, indices.shape[1] ?? `${bag.name}_length`]);
  return reshape(matMul(row, gather(table, indices)), [rows, width]);
}

/**
 * The ONNX bytes of one tower with its weights inside.
 *
 * @param side Which tower.
 * @param options The shape of the towers, what they read, and what was learned.
 * @returns A model with output `embedding`.
 */
export function exportTower(
  side: TowerSide,
  options: { readonly config: TowerConfig; readonly layouts: TowerLayouts; readonly weights: Weights },
): Uint8Array {
  const { inputs, embedding, parameters } = servingGraph(side, options);
  // No node reads it: it is there for a training that starts from this tower.
  const temperature = options.weights[temperatureParameter];
  return emitOnnx({
    name: `${side}_tower`,
    inputs,
    outputs: { embedding },
    parameters: Object.fromEntries(parameters.map(({ name }) => [name, options.weights[name]!])),
    ...(temperature === undefined ? {} : { metadata: { [temperatureParameter]: String(temperature[0]) } }),
  });
}
