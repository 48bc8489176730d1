import type { BagLayout, RowLayout } from "../features/mod.ts";
import type { OnnxTensor } from "../onnx/mod.ts";
import {
  biasTableName,
  directionDims,
  itemLength,
  type LinearBags,
  linearTables,
  longestLinearRow,
  type TowerConfig,
  type TowerSide,
  tableName,
} from "../towers/mod.ts";
import { type LayerOutput, LayersWriter, type LayerWeight } from "./export-layers.ts";

/** What {@link towerLayers} is given. */
export interface TowerLayersOptions {
  readonly config: TowerConfig;
  readonly layout: RowLayout;
  /** What the linear part reads, where the towers have one. */
  readonly bags?: LinearBags | undefined;
  /** The learned arrays by name, as the tower's ONNX model holds them. */
  readonly weights: Readonly<Record<string, OnnxTensor>>;
}

const epsilon = 1e-12;

/**
 * One tower as standard Keras layers: the same inputs, the same sums, the same vector as its ONNX model gives.
 *
 * @param side Which tower.
 * @param options Its shape, what it reads and what it learned.
 * @returns A Keras topology and its weights.
 * @throws RangeError When a learned array is missing.
 */
export function towerLayers(
  side: TowerSide,
  options: TowerLayersOptions,
): { readonly topology: object; readonly weights: readonly LayerWeight[] } {
  const tower = new TowerWriter(side, options);
  return tower.layers.finish(`${side}_tower`, side === "user" ? tower.user() : tower.item());
}

class TowerWriter {
  readonly layers = new LayersWriter();
  readonly #side: TowerSide;
  readonly #options: TowerLayersOptions;
  readonly #dense: LayerOutput | undefined;
  readonly #bags = new Map<string, { readonly indices: LayerOutput; readonly weights: LayerOutput }>();

  constructor(side: TowerSide, options: TowerLayersOptions) {
    this.#side = side;
    this.#options = options;
    const { layout } = options;
    // Inputs first, in the order of the ONNX model's.
    this.#dense = layout.denseWidth > 0 ? this.layers.input("dense", layout.denseWidth) : undefined;
    for (const { name } of layout.bags) {
      const indices = this.layers.input(`${name}_indices`, null, "int32");
      this.#bags.set(name, { indices, weights: this.layers.input(`${name}_weights`, null) });
    }
  }

  /** [u, 1, 0] / √2; with a linear part [ρ u, 1, 0, g e, g rest, √(1 - ρ²), 0] / √(2 + g²). */
  user(): LayerOutput {
    const { config, layout } = this.#options;
    const sums = layout.bags.map((bag) => ({ bag, sum: this.#sumBag(bag, tableName("user", bag.name)) }));
    const columns = [...sums.map(({ sum }) => sum), ...this.#denseColumns()];
    const history = sums.filter(({ bag }) => bag.role === "history").map(({ sum }) => sum);
    const parts = [this.#stack(config.hidden, this.layers.concatenate("columns", columns))];
    const reach = config.linearDims === 0 ? 0 : this.#learned(linearTables.reach).data[0]!;
    const scale = 1 / Math.sqrt(2 + reach * reach);
    const direction = this.#direction([...parts, ...this.#skip(config.historyDims, history)], scale);
    const rest = this.layers.constant("rest", direction, [scale, 0]);
    const { bags } = this.#options;
    if (bags === undefined) return this.layers.concatenate("embedding", [direction, rest]);
    const summed = this.#sumBag(bags.history, linearTables.user);
    const [known, unknown] = this.#shares(summed, { width: direction.width, scale });
    return this.layers.concatenate("embedding", [
      this.layers.multiply("known_direction", direction, known),
      rest,
      ...this.#userPart(summed, reach * scale),
      unknown,
      this.layers.constant("linear_nothing", summed, [0]),
    ]);
  }

  /** ρ, so often as a direction is wide, and √(1 - ρ²) times the scale: [√(n + 1), δ] at unit length. */
  #shares(
    summed: LayerOutput,
    { width, scale }: { readonly width: number; readonly scale: number },
  ): [LayerOutput, LayerOutput] {
    const { layers } = this;
    // No layer takes a root: the length of (√n, 1) is its product with itself at unit length.
    const sides = layers.dense("known_sides", summed, {
      kernel: Float32Array.from({ length: 2 * summed.width }, (_, at) =>
        at === 2 * summed.width - 2 ? 1 : 0,
      ),
      bias: Float32Array.of(0, 1),
      units: 2,
    });
    const unit = layers.unitLength("known_unit", sides, { scale: 1, epsilon: 0 });
    const root = layers.dense("known_root", layers.multiply("known_square", sides, unit), {
      kernel: Float32Array.of(1, 1),
      units: 1,
    });
    const doubt = layers.constant("doubt", root, [this.#learned(linearTables.doubt).data[0]!]);
    const both = layers.concatenate("known_and_doubt", [root, doubt]);
    const pair = layers.unitLength("known_pair", both, { scale: 1, epsilon: 0 });
    const ones = new Float32Array(2 * width).fill(1, 0, width);
    return [
      layers.dense("known", pair, { kernel: ones, units: width }),
      layers.dense("unknown", pair, { kernel: Float32Array.of(0, scale), units: 1 }),
    ];
  }

  /** [e, rest] times the scale: [S, κ] at unit length. */
  #userPart(summed: LayerOutput, scale: number): LayerOutput[] {
    const { layers } = this;
    const { width } = summed;
    // Of each number, S times how many likes there are, as a layer cannot take columns apart: both from all of them.
    const square = width * (width - 1);
    const own = Float32Array.from({ length: square }, (_, at) => (at % width === 0 ? 1 : 0));
    const last = Float32Array.from({ length: square }, (_, at) => (at >= square - (width - 1) ? 1 : 0));
    const all = layers.multiply(
      "linear_all",
      layers.dense("linear_own", summed, { kernel: own, units: width - 1 }),
      layers.dense("linear_count", summed, { kernel: last, units: width - 1 }),
    );
    const evidence = this.#learned(linearTables.evidence).data[0]!;
    const pair = layers.concatenate("linear_pair", [
      all,
      layers.constant("linear_evidence", all, [evidence]),
    ]);
    return [layers.unitLength("linear", pair, { scale, epsilon: 0 })];
  }

  /** [f, 0, 0, √(¼ - |f|²)] / length. The root of each row stands in a table, less that of an item without a row. */
  #itemPart(length: number): LayerOutput[] {
    const { layers } = this;
    const { bags, config } = this.#options;
    if (bags === undefined) return [];
    const { linearDims } = config;
    const { shape, data } = this.#learned(linearTables.item);
    const slack = Float32Array.from({ length: shape[0]! }, (_, row) => {
      let square = longestLinearRow ** 2;
      for (let d = 0; d < linearDims; d++) square -= data[row * linearDims + d]! ** 2;
      return (Math.sqrt(Math.max(0, square)) - longestLinearRow) / length;
    });
    const tables = {
      linear: { shape, data: Float32Array.from(data, (value) => value / length) },
      linear_slack: { shape: [shape[0]!, 1], data: slack },
    };
    const { indices, weights } = this.#bags.get(bags.id.name)!;
    const [f, less] = Object.entries(tables).map(([name, table]) =>
      layers.weightedSum(name, layers.embedding(`${name}_table`, indices, table), weights),
    ) as [LayerOutput, LayerOutput];
    const rest = layers.dense("linear_rest", less, {
      kernel: Float32Array.of(0, 0, 1),
      bias: Float32Array.of(0, 0, longestLinearRow / length),
      units: 3,
    });
    return [f, rest];
  }

  /** [v, c, slack] / M; with a linear part [v, c, slack, f, 0, 0, √(¼ - |f|²)] / √(1 + limit² + ¼). */
  item(): LayerOutput {
    const { config, layout } = this.#options;
    const { biasLimit } = config;
    const sums = layout.bags.map((bag) => ({ bag, sum: this.#sumBag(bag, tableName("item", bag.name)) }));
    const ids = sums.filter(({ bag }) => bag.role === "id");
    const content = [
      ...sums.filter(({ bag }) => bag.role !== "id").map(({ sum }) => sum),
      ...this.#denseColumns(),
    ];
    const columns = content.length > 0 ? this.layers.concatenate("columns", content) : undefined;
    const own = this.#skip(
      config.idDims,
      ids.map(({ sum }) => sum),
    );
    const deep = columns === undefined ? [] : [this.#stack(config.itemHidden, columns)];
    const length = itemLength(config);
    const direction = this.#direction([...own, ...deep], 1 / length);
    if (biasLimit === 0) {
      return this.layers.concatenate("embedding", [
        direction,
        this.layers.constant("rest", direction, [0, 0]),
        ...this.#itemPart(length),
      ]);
    }
    const biases = ids.map(({ bag }) => this.#sumBag(bag, biasTableName(bag.name)));
    if (columns !== undefined) {
      const kernel = this.#learned("item.popularity.weight").data as Float32Array;
      biases.push(this.layers.dense("popularity", columns, { kernel, units: 1 }));
    }
    const pair = this.#biasAndSlack(this.layers.add("bias_sum", biases), biasLimit / length);
    return this.layers.concatenate("embedding", [direction, pair, ...this.#itemPart(length)]);
  }

  /** scale · (tanh r, 1 / cosh r): with h = tanh(r / 2) the vector (2h, 1 - h²) brought to unit length. */
  #biasAndSlack(sum: LayerOutput, scale: number): LayerOutput {
    const { layers } = this;
    const bias = this.#learned("item.popularity.bias").data[0]!;
    // Twice, as TensorFlow.js frees a tensor too early that one layer takes in twice.
    const [half, again] = ["bias_half", "bias_half_again"].map((name) =>
      layers.dense(name, sum, {
        kernel: Float32Array.of(0.5),
        bias: Float32Array.of(bias / 2),
        units: 1,
        activation: "tanh",
      }),
    ) as [LayerOutput, LayerOutput];
    const both = layers.concatenate("bias_powers", [half, layers.multiply("bias_square", half, again)]);
    const pair = layers.dense("bias_pair", both, {
      kernel: Float32Array.of(2, 0, 0, -1),
      bias: Float32Array.of(0, 1),
      units: 2,
    });
    return layers.unitLength("bias", pair, { scale, epsilon: 0 });
  }

  #denseColumns(): LayerOutput[] {
    return this.#dense === undefined ? [] : [this.#dense];
  }

  #sumBag(bag: BagLayout, table: string): LayerOutput {
    const { indices, weights } = this.#bags.get(bag.name)!;
    const { shape, data } = this.#learned(table);
    const rows = this.layers.embedding(layerName(table), indices, { shape, data: data as Float32Array });
    return this.layers.weightedSum(`${layerName(table)}_sum`, rows, weights);
  }

  #stack(hidden: readonly number[], columns: LayerOutput): LayerOutput {
    let x = columns;
    for (const [index, units] of hidden.entries()) {
      x = this.#affine(`${this.#side}.hidden${index}`, x, units, this.#options.config.activation);
    }
    return this.#affine(`${this.#side}.output`, x, directionDims(this.#options.config), "linear");
  }

  #affine(name: string, x: LayerOutput, units: number, activation: "linear" | "gelu" | "relu" | "tanh") {
    const kernel = this.#learned(`${name}.weight`).data as Float32Array;
    const bias = this.#learned(`${name}.bias`).data as Float32Array;
    return this.layers.dense(layerName(name), x, { kernel, bias, units, activation });
  }

  #skip(width: number, sums: readonly LayerOutput[]): LayerOutput[] {
    if (sums.length === 0) return [];
    const total = this.layers.add("skip_sum", sums);
    const units = directionDims(this.#options.config);
    if (width === units) return [total];
    const kernel = this.#learned(`${this.#side}.skip.weight`).data as Float32Array;
    return [this.layers.dense("skip", total, { kernel, units })];
  }

  #direction(parts: readonly LayerOutput[], scale: number): LayerOutput {
    const sum = this.layers.add("raw", parts);
    const tanh = this.#options.config.outputActivation === "tanh";
    const raw = tanh ? this.layers.activation("raw_tanh", sum, "tanh") : sum;
    return this.layers.unitLength("direction", raw, { scale, epsilon });
  }

  #learned(name: string): OnnxTensor {
    const { weights } = this.#options;
    const tensor = Object.hasOwn(weights, name) ? weights[name] : undefined;
    if (tensor !== undefined) return tensor;
    throw new RangeError(
      `Cannot export the ${this.#side} tower as it must hold the array "${name}": it is missing; only towers that Futago trained can be written as layers`,
    );
  }
}

/** TensorFlow.js takes a dot in a layer's name, other readers of Keras models do not. */
function layerName(parameter: string): string {
  return parameter.replaceAll(".", "_");
}
