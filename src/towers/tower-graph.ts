import type { BagLayout, RowLayout } from "../features/mod.ts";
import {
  add,
  broadcastLike,
  concat,
  constant,
  div,
  gelu,
  l2Normalise,
  matMul,
  mul,
  relu,
  scalar,
  slice,
  sub,
  tanh,
  type Value,
} from "../graph/mod.ts";
import { directionDims } from "./linear-part.ts";
import { newestState, type SequenceInputs, type SequenceSources } from "./sequence-tower.ts";
import type { TowerConfig } from "./tower-config.ts";
import { biasTableName, type TowerSide, tableName } from "./tower-parameters.ts";

/** What a tower is built over; training and serving each bring their own. */
export interface TowerSources {
  /** A learned array by name. */
  readonly parameter: (name: string) => Value;
  /** A bag summed over one of its tables: [rows, width of the table]. */
  readonly sumBag: (bag: BagLayout, table: string) => Value;
  /** [rows, denseWidth]; undefined where the layout has no dense columns. */
  readonly dense: Value | undefined;
  /** Factors 0 or 1/(1 - dropout) for a hidden layer, [rows, units]; left out when serving. */
  readonly mask?: (layer: string, units: number) => Value | undefined;
  /** Where the layout has a sequence; `vectors` as in {@link SequenceSources}. */
  readonly sequence?: SequenceInputs & Pick<SequenceSources, "vectors">;
}

/** An item before its bias is packed into the vector. */
export interface ItemOutput {
  /** [rows, dims - 2], unit length. */
  readonly direction: Value;
  /** [rows, 1] within ± biasLimit; undefined without a bias. */
  readonly bias: Value | undefined;
  /** [rows, 1], √(biasLimit² - bias²); undefined without a bias. */
  readonly slack: Value | undefined;
}

const epsilon = 1e-12;

/**
 * The user tower: history sum ⊕ other bags ⊕ dense → hidden layers → dims - 2, plus the history sum itself; or the state
 * after the newest step of a sequence, plus what the other features add to it → dims - 2.
 *
 * @param config The shape of the towers.
 * @param layout The user side of the features.
 * @param sources Parameters and inputs.
 * @returns [rows, dims - 2], unit length.
 */
export function userDirection(config: TowerConfig, layout: RowLayout, sources: TowerSources): Value {
  return unit(userOutput(config, layout, sources));
}

/**
 * The user tower before its output is brought to unit length, which is one factor for all items: this alone decides how
 * they rank.
 *
 * @param config The shape of the towers.
 * @param layout The user side of the features.
 * @param sources Parameters and inputs.
 * @returns [rows, dims - 2].
 */
export function userOutput(config: TowerConfig, layout: RowLayout, sources: TowerSources): Value {
  if (config.sequence !== undefined) {
    const { parameter, sequence } = sources;
    const { vectors, ...inputs } = sequence!;
    const newest = newestState(config.sequence, { parameter, inputs, ...(vectors && { vectors }) });
    const fields = fieldState(layout, sources);
    return matMul(fields === undefined ? newest : add(newest, fields), parameter("user.output.weight"));
  }
  const history: Value[] = [];
  const columns: Value[] = [];
  for (const bag of layout.bags) {
    const summed = sources.sumBag(bag, tableName("user", bag.name));
    columns.push(summed);
    if (bag.role === "history") history.push(summed);
  }
  if (sources.dense !== undefined) columns.push(sources.dense);
  if (columns.length === 0)
    throw new RangeError("Cannot build a user tower as it needs at least one feature");
  const deep = stack("user", config, config.hidden, columns, sources);
  const skip = skipConnection("user", config.historyDims, config, history, sources);
  return shaped(config, skip === undefined ? deep : add(deep, skip));
}

/**
 * What the features beside the sequence add to its states.
 *
 * @param layout The user side of the features.
 * @param sources Parameters and inputs.
 * @returns [rows, width]; undefined where there are none.
 */
export function fieldState(layout: RowLayout, sources: TowerSources): Value | undefined {
  const columns = layout.bags.map((bag) => sources.sumBag(bag, tableName("user", bag.name)));
  if (sources.dense !== undefined) columns.push(sources.dense);
  if (columns.length === 0) return undefined;
  return matMul(joined(columns), sources.parameter("user.sequence.fields.weight"));
}

/**
 * The item tower: its own vector plus a map of its content, and a bias from both.
 *
 * @param config The shape of the towers.
 * @param layout The item side of the features.
 * @param sources Parameters and inputs.
 * @returns Direction and bias.
 */
export function itemOutput(config: TowerConfig, layout: RowLayout, sources: TowerSources): ItemOutput {
  const ids: Value[] = [];
  const biases: Value[] = [];
  const columns: Value[] = [];
  for (const bag of layout.bags) {
    const summed = sources.sumBag(bag, tableName("item", bag.name));
    if (bag.role !== "id") columns.push(summed);
    else {
      ids.push(summed);
      if (config.biasLimit > 0) biases.push(sources.sumBag(bag, biasTableName(bag.name)));
    }
  }
  if (sources.dense !== undefined) columns.push(sources.dense);
  const parts: Value[] = [];
  const own = skipConnection("item", config.idDims, config, ids, sources);
  if (own !== undefined) parts.push(own);
  if (columns.length > 0) {
    parts.push(stack("item", config, config.itemHidden, columns, sources));
    if (config.biasLimit > 0)
      biases.push(matMul(joined(columns), sources.parameter("item.popularity.weight")));
  }
  if (parts.length === 0) throw new RangeError("Cannot build an item tower as it needs at least one feature");
  const direction = unit(shaped(config, sum(parts)));
  if (config.biasLimit === 0) return { direction, bias: undefined, slack: undefined };
  // bias = limit · tanh(raw): bounded, so that it can be packed into a vector of unit length.
  const raw = add(sum(biases), sources.parameter("item.popularity.bias"));
  const limit = scalar(config.biasLimit);
  // √(1 - tanh² r) = (1 - h²) / (1 + h²) with h = tanh(r / 2). The root itself loses half its digits where the bias nears
  // its limit: runtimes differed there by 3e-4, and from r = 8.3 on ONNX Runtime's tanh may round above 1, its root to NaN.
  const half = tanh(mul(raw, scalar(0.5)));
  const square = mul(half, half);
  const slack = mul(div(sub(scalar(1), square), add(scalar(1), square)), limit);
  return { direction, bias: mul(tanh(raw), limit), slack };
}

/**
 * Packs a user into the served vector: [u, 1, 0] / √2.
 *
 * @param direction [rows, dims - 2], unit length.
 * @returns [rows, dims], unit length.
 */
export function packUser(direction: Value): Value {
  const half = Math.SQRT1_2;
  const ones = constantColumns(direction, [half, 0]);
  return concat([mul(direction, scalar(half)), ones], { axis: 1 });
}

/**
 * Packs an item and its bias c into the served vector: [v, c, slack] / M with slack = √(limit² - c²), M² = 1 + limit².
 *
 * Then packUser(u) · packItem(v, c) = (u · v + c) / (√2 M): the inner product of two unit vectors ranks as the
 * trained score does. (The reduction of maximum inner product to nearest neighbours, Bachrach et al. 2014, for a
 * bias alone.)
 *
 * @param output Direction, bias and slack.
 * @param limit The configured biasLimit.
 * @returns [rows, dims], unit length.
 */
export function packItem(output: ItemOutput, limit: number): Value {
  const { direction, bias, slack } = output;
  if (bias === undefined || slack === undefined)
    return concat([direction, constantColumns(direction, [0, 0])], { axis: 1 });
  const length = Math.sqrt(1 + limit * limit);
  return mul(concat([direction, bias, slack], { axis: 1 }), scalar(1 / length));
}

function constantColumns(direction: Value, values: readonly [number, number]): Value {
  // As many rows as `direction` has, which only the run knows.
  return broadcastLike(constant(values, [1, 2]), slice(direction, { axis: 1, start: 0, end: 2 }));
}

function stack(
  side: TowerSide,
  config: TowerConfig,
  hidden: readonly number[],
  columns: readonly Value[],
  sources: TowerSources,
): Value {
  let x = joined(columns);
  for (const [index, units] of hidden.entries()) {
    const name = `${side}.hidden${index}`;
    x = activate(config, affine(x, name, sources));
    const mask = sources.mask?.(name, units);
    if (mask !== undefined) x = mul(x, mask);
  }
  return affine(x, `${side}.output`, sources);
}

function affine(x: Value, name: string, sources: TowerSources): Value {
  return add(matMul(x, sources.parameter(`${name}.weight`)), sources.parameter(`${name}.bias`));
}

function activate(config: TowerConfig, x: Value): Value {
  if (config.activation === "gelu") return gelu(x);
  return config.activation === "relu" ? relu(x) : tanh(x);
}

function skipConnection(
  side: TowerSide,
  width: number,
  config: TowerConfig,
  sums: readonly Value[],
  sources: TowerSources,
): Value | undefined {
  if (sums.length === 0) return undefined;
  const total = sum(sums);
  return width === directionDims(config) ? total : matMul(total, sources.parameter(`${side}.skip.weight`));
}

function shaped(config: TowerConfig, raw: Value): Value {
  return config.outputActivation === "tanh" ? tanh(raw) : raw;
}

function unit(output: Value): Value {
  return l2Normalise(output, { axis: 1, epsilon });
}

function joined(columns: readonly Value[]): Value {
  return columns.length === 1 ? columns[0]! : concat(columns, { axis: 1 });
}

function sum(parts: readonly Value[]): Value {
  return parts.reduce((total, part) => add(total, part));
}
