import { FutagoError } from "../base/mod.ts";
import type { EncodedRows, FittedFeatures } from "../features/mod.ts";
import {
  gradients,
  input,
  mul,
  parameter,
  reduceSum,
  reduceSumSquare,
  sqrt,
  type Value,
} from "../graph/mod.ts";
import { emitOnnx, type Runtime, type Session, type Tensor, type Tensors } from "../onnx/mod.ts";
import { readTowerWeights, type TowerArray } from "./read-tower-weights.ts";
import type { TowerConfig } from "./tower-config.ts";
import { userOutput } from "./tower-graph.ts";
import { bagWidth, tableName, towerParameters } from "./tower-parameters.ts";

/**
 * What a score is made of. `baseline`, `popularity`, all of `bags` and all of `dense` add up to `score`, but for
 * `residual`.
 */
export interface ScoreParts {
  /** The inner product of the served vectors. */
  readonly score: number;
  /** What the item would get from somebody of whom nothing is known. */
  readonly baseline: number;
  /** What the item brings along for everybody: its bias. */
  readonly popularity: number;
  /** By bag of the user tower: a part for each entry of the viewer's row, in their order. */
  readonly bags: Readonly<Record<string, Float64Array>>;
  /** A part for each dense column. */
  readonly dense: Float64Array;
  /** `score` less all parts: what the integral left over; above {@link residualBound} only where 256 points do not do. */
  readonly residual: number;
}

/** Takes scores apart. Close it when done. */
export interface ScoreExplainer {
  /**
   * @param viewer One row, encoded for the user tower.
   * @param itemVectors Served vectors, `dims` numbers each.
   * @returns The parts of each score, in the order of the items.
   */
  explain(viewer: EncodedRows, itemVectors: readonly Float32Array[]): Promise<readonly ScoreParts[]>;
  close(): Promise<void>;
}

/** Scores lie between -1 and 1; parts that miss theirs by no more than this add up for every purpose of a reader. */
export const residualBound = 1e-3;

/** Points of the integral: doubled from the first to the last until the parts add up. */
const points = { first: 8, last: 256 } as const;

/** Items in one run: bounds its memory. */
const itemsAtOnce = 16;

/**
 * Opens what takes the scores of a trained user tower apart, by integrated gradients (Sundararajan, Taly & Yan 2017,
 * https://arxiv.org/abs/1703.01365, equation 1) along the straight line from nobody (all inputs 0) to the viewer x:
 *
 * ```
 * part of entry j = w_j · table[j] · ∫₀¹ ∂t/∂s (α s) dα      s the summed vectors of the bags and the dense columns
 * t(x) = o(x) · v / (√2 ‖o(x*)‖)                             o the output before it is brought to unit length
 * ```
 *
 * Where the tower is linear, as from the sum of the history straight to the output, the gradient is the same all along
 * and the part exact; for the hidden layers the integral is taken by the midpoint rule. The length ‖o‖ stays that of the
 * viewer in question, x*: it is one factor for all items, so it explains nothing of their order, and a direction has no
 * limit at 0.
 *
 * @param runtime What runs it.
 * @param tower The ONNX bytes of a user tower that `exportTower` wrote, its shape and features.
 * @returns The explainer.
 * @throws FutagoError `model_unsupported` for a tower that reads a sequence.
 * @throws RangeError Where the tower lacks the arrays of that shape.
 *
 * @example
 * ```ts no-run
 * import { createPortableRuntime, openScoreExplainer, type EncodedRows } from "futago";
 * declare const viewer: EncodedRows; // one row
 * declare const itemVector: Float32Array; // as it is stored
 * const { userOnnx, towerConfig: config, features } = model; // as createTrainer gave it
 * const explainer = await openScoreExplainer(createPortableRuntime(), { userOnnx, config, features });
 * const [parts] = await explainer.explain(viewer, [itemVector]);
 * ```
 */
export async function openScoreExplainer(
  runtime: Runtime,
  tower: { readonly userOnnx: Uint8Array; readonly config: TowerConfig; readonly features: FittedFeatures },
): Promise<ScoreExplainer> {
  const { userOnnx, config, features } = tower;
  const { userLayout: layout, itemLayout } = features;
  if (layout.sequence !== undefined) {
    throw new FutagoError(
      "model_unsupported",
      "Cannot explain scores as the user tower must sum up its history: this one reads it in order, which is not taken apart yet",
    );
  }
  const arrays = readTowerWeights("user", userOnnx);
  for (const { name, shape } of towerParameters(config, { user: layout, item: itemLayout })) {
    if (!name.startsWith("user.")) continue;
    const found = arrays.get(name)?.shape.join(" × ") ?? "none";
    if (found === shape.join(" × ")) continue;
    throw new RangeError(
      `Cannot explain scores as the user tower must hold ${name} of ${shape.join(" × ")}: current value is ${found}`,
    );
  }
  const table = (bag: string): TowerArray => arrays.get(tableName("user", bag))!;
  const session = await runtime.load(gradientGraph(config, layout, arrays), { name: "score explainer" });
  return {
    explain: async (viewer, itemVectors) => {
      const sums: Record<string, Float32Array> = { dense: viewer.dense };
      for (const { name } of layout.bags) sums[name] = sumOf(viewer.bags[name]!, table(name));
      const found: ScoreParts[] = [];
      for (let from = 0; from < itemVectors.length; from += itemsAtOnce) {
        const vectors = itemVectors.slice(from, from + itemsAtOnce);
        const all = await integrate(session, { sums, vectors });
        for (const { gradients: mean, ...whole } of all) {
          const bags: Record<string, Float64Array> = {};
          for (const { name } of layout.bags) {
            bags[name] = entryParts(viewer.bags[name]!, table(name), mean[name]!);
          }
          const dense = Float64Array.from(viewer.dense, (x, i) => x * (mean["dense"]?.[i] ?? 0));
          found.push({ ...whole, bags, dense });
        }
      }
      return found;
    },
    close: () => session.close(),
  };
}

/** The summed vectors of the bags, and `dense`, go in; the output along `v`, its length and the gradients come out. */
function gradientGraph(
  config: TowerConfig,
  layout: FittedFeatures["userLayout"],
  arrays: ReadonlyMap<string, TowerArray>,
): Uint8Array {
  const learned = new Map<string, Value>();
  const sums = new Map<string, Value>();
  for (const bag of layout.bags) sums.set(bag.name, input(bag.name, ["rows", bagWidth(config, bag)]));
  if (layout.denseWidth > 0) sums.set("dense", input("dense", ["rows", layout.denseWidth]));
  const output = userOutput(config, layout, {
    parameter: (name) => {
      const known = learned.get(name) ?? parameter(name, arrays.get(name)!.shape);
      learned.set(name, known);
      return known;
    },
    sumBag: (bag) => sums.get(bag.name)!,
    dense: sums.get("dense"),
  });
  const direction = input("direction", ["rows", config.dims - 2]);
  const along = reduceSum(mul(output, direction), { axes: [1], keepDims: true });
  const length = sqrt(reduceSumSquare(output, { axes: [1], keepDims: true }));
  const by = gradients(reduceSum(along), [...sums.values()]);
  return emitOnnx({
    name: "score_parts",
    inputs: [...sums.values(), direction],
    outputs: {
      along,
      length,
      ...Object.fromEntries([...sums.keys()].map((name, i) => [`by_${name}`, by[i]!])),
    },
    parameters: Object.fromEntries([...learned.keys()].map((name) => [name, arrays.get(name)!.data])),
  });
}

interface Integrated extends Pick<ScoreParts, "score" | "baseline" | "popularity" | "residual"> {
  /** Mean gradients along the way, by input. */
  readonly gradients: Readonly<Record<string, Float64Array>>;
}

async function integrate(
  session: Session,
  of: { readonly sums: Readonly<Record<string, Float32Array>>; readonly vectors: readonly Float32Array[] },
): Promise<readonly Integrated[]> {
  for (let steps: number = points.first; ; steps *= 2) {
    const found = await integrateBy(steps, session, of);
    if (steps >= points.last || found.every(({ residual }) => Math.abs(residual) <= residualBound))
      return found;
  }
}

async function integrateBy(
  steps: number,
  session: Session,
  { sums, vectors }: Parameters<typeof integrate>[1],
): Promise<readonly Integrated[]> {
  // The midpoints, then both ends, whose values the parts must add up to.
  const alphas = [...Array.from({ length: steps }, (_, step) => (step + 0.5) / steps), 0, 1];
  const each = alphas.length;
  const rows = vectors.length * each;
  const inputs: Record<string, Tensor> = {};
  const matrix = (width: number, row: (item: number, alpha: number) => Float32Array): Tensor => {
    const data = new Float32Array(rows * width);
    for (let item = 0; item < vectors.length; item++) {
      for (const [a, alpha] of alphas.entries()) data.set(row(item, alpha), (item * each + a) * width);
    }
    return { dtype: "float32", shape: [rows, width], data };
  };
  const read = Object.entries(sums).filter(([name]) => session.inputNames.includes(name));
  for (const [name, sum] of read) {
    inputs[name] = matrix(sum.length, (_, alpha) => sum.map((x) => x * alpha));
  }
  // The served item is [v, c, slack] / M and the viewer [u, 1, 0] / √2: the first part of it is v / M.
  const inner = vectors[0]!.length - 2;
  inputs["direction"] = matrix(inner, (item) => vectors[item]!.subarray(0, inner));
  const outputs: Tensors = await session.run(inputs);
  const along = outputs["along"]!.data;
  const length = outputs["length"]!.data;
  return vectors.map((vector, item) => {
    const first = item * each;
    const scale = Math.SQRT1_2 / Math.max(length[first + steps + 1]!, 1e-6);
    const popularity = vector[inner]! * Math.SQRT1_2;
    const baseline = along[first + steps]! * scale;
    const score = along[first + steps + 1]! * scale + popularity;
    let explained = baseline + popularity;
    const means: Record<string, Float64Array> = {};
    for (const [name, sum] of read) {
      const width = sum.length;
      const mean = new Float64Array(width);
      const { data } = outputs[`by_${name}`]!;
      for (let step = 0; step < steps; step++) {
        const from = (first + step) * width;
        for (let i = 0; i < width; i++) mean[i]! += data[from + i]!;
      }
      for (let i = 0; i < width; i++) {
        mean[i]! *= scale / steps;
        explained += mean[i]! * sum[i]!;
      }
      means[name] = mean;
    }
    return { score, baseline, popularity, residual: score - explained, gradients: means };
  });
}

type Row = EncodedRows["bags"][string];

function sumOf({ indices, weights }: Row, { shape, data }: TowerArray): Float32Array {
  const width = shape[1]!;
  const sum = new Float32Array(width);
  for (const [entry, index] of indices.entries()) {
    for (let i = 0; i < width; i++) sum[i]! += weights[entry]! * data[index * width + i]!;
  }
  return sum;
}

function entryParts(
  { indices, weights }: Row,
  { shape, data }: TowerArray,
  gradient: Float64Array,
): Float64Array {
  const width = shape[1]!;
  return Float64Array.from(indices, (index, entry) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += data[index * width + i]! * gradient[i]!;
    return weights[entry]! * sum;
  });
}
