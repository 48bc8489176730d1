import type { EncodedRows, FittedFeatures, RowLayout } from "../features/mod.ts";
import {
  add,
  gradients,
  input,
  mul,
  parameter,
  reduceSum,
  reduceSumSquare,
  reshape,
  sqrt,
  sub,
  type Value,
} from "../graph/mod.ts";
import { emitOnnx, type Runtime, type Tensor } from "../onnx/mod.ts";
import { integrate } from "./integrated-gradients.ts";
import {
  directionDims,
  knownShare,
  learnedItem,
  linearBags,
  linearScoreParts,
  linearTables,
} from "./linear-part.ts";
import { servingInputs } from "./padded-bags.ts";
import { readTowerWeights, type TowerArray } from "./read-tower-weights.ts";
import { type SequenceInputs, sequenceVectors, startVector } from "./sequence-tower.ts";
import { sequenceInputs } from "./serving-graph.ts";
import type { TowerConfig } from "./tower-config.ts";
import { userOutput } from "./tower-graph.ts";
import { bagWidth, tableName, towerParameters } from "./tower-parameters.ts";

/** What a score is made of. `baseline`, `popularity`, all of `bags`, `dense` and `steps` add up to `score`. */
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
  /** A part for each step of the viewer's sequence, the start first; empty where the tower reads none. */
  readonly steps: Float64Array;
  /**
   * What the integral left over and was shared out: how far the parts may be off together. Above {@link residualBound} only
   * for sequences, and where 256 stretches of the way do not do.
   */
  readonly residual: number;
}

/** Takes scores apart. Close it when done. */
export interface ScoreExplainer {
  /**
   * @param viewer One row, encoded for the user tower.
   * @param itemVectors Served vectors, `dims` numbers each.
   * @param options `enough`: asked after each item of a sequence, or some of other towers; once it is true, the rest is left out.
   * @returns The parts of each score, in the order of the items.
   */
  explain(
    viewer: EncodedRows,
    itemVectors: readonly Float32Array[],
    options?: { readonly enough?: (() => boolean) | undefined },
  ): Promise<readonly ScoreParts[]>;
  close(): Promise<void>;
}

/**
 * Stretches of the way. The gradient of a sequence jumps with every unit of every step, so that doubling helps it little: of a
 * trained `sequence-lite` the parts by 16 were 4 % from those by 256, those by 32 2 %, and the three largest the same.
 */
const stretches = { pooled: { first: 8, last: 256 }, sequence: { first: 16, last: 16 } } as const;

/** Items of a tower without a sequence that are integrated together; of one with a sequence, a run has rows enough by one. */
const itemsAtOnce = 16;

/** Rows × steps of a sequence in one run: bounds its memory, as every layer of every step is kept for the way back. */
const entriesAtOnce = 2048;

/**
 * Opens what takes the scores of a trained user tower apart, by integrated gradients (Sundararajan, Taly & Yan 2017,
 * https://arxiv.org/abs/1703.01365, equation 1) along the straight line from nobody to the viewer x:
 *
 * ```
 * part of entry j = w_j · table[j] · ∫₀¹ ∂t/∂s (α s) dα      s the summed vectors of the bags and the dense columns
 * part of step k  = (e_k − e₀) · ∫₀¹ ∂t/∂e_k (e₀ + α (e − e₀)) dα      e the vectors of the steps of a sequence
 * t(x) = o(x) · v / (√2 ‖o(x*)‖)                             o the output before it is brought to unit length
 * ```
 *
 * What the linear part of a model (see `linearBags`) adds for a like is added to the like's part.
 *
 * Where the tower is linear, as from the sum of the history straight to the output, the gradient is the same all along
 * and the part exact; elsewhere the integral is taken by the trapezoid rule, and what it leaves over of how much a stretch of
 * the way moved the score is shared out among the parts of that stretch by their size. Of nobody bags and dense columns are
 * 0, and all steps of a sequence e₀, that of somebody who did nothing: whoever attends to equal steps sees one of them, so
 * that the baseline is the score of an empty history, however long this one is. (From zeros the first norm of a block would
 * jump: it brings all of the line but its beginning to the same.) The length ‖o‖ stays that of the
 * viewer in question, x*: it is one factor for all items, so it explains nothing of their order, and a direction has no
 * limit at 0.
 *
 * @param runtime What runs it.
 * @param tower The ONNX bytes of a user tower that `exportTower` wrote, its shape and features.
 * @returns The explainer.
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
  const history =
    config.linearDims === 0 ? undefined : linearBags({ user: layout, item: itemLayout })!.history;
  const reach = arrays.get(linearTables.reach)?.data[0] ?? 0;
  const doubt = arrays.get(linearTables.doubt)?.data[0] ?? 0;
  const linear =
    history &&
    ((viewer: EncodedRows, item: Float32Array) =>
      linearScoreParts(viewer.bags[history.name]!, {
        ...{ config, item, reach, table: arrays.get(linearTables.user)!.data },
        evidence: arrays.get(linearTables.evidence)!.data[0]!,
      }));
  const session = await runtime.load(gradientGraph(config, layout, arrays), { name: "score explainer" });
  return {
    explain: async (viewer, itemVectors, { enough } = {}) => {
      const sums: Record<string, Float32Array> = { dense: viewer.dense };
      for (const { name } of layout.bags) sums[name] = sumOf(viewer.bags[name]!, table(name));
      const steps = viewer.sequence?.items.length ?? 0;
      const known = history === undefined ? 1 : knownShare(viewer.bags[history.name]!.weights, doubt);
      // Each step goes the way as a whole, so that a part is the gradient by its share of it.
      if (steps > 0) sums[stepShares] = new Float32Array(steps).fill(1);
      const fixed = (rows: number): Readonly<Record<string, Tensor>> =>
        servingInputs(viewer, { layout: sequenceAlone(layout), rows: new Int32Array(rows) });
      const by = steps > 0 ? stretches.sequence : stretches.pooled;
      const rowsAtOnce = Math.ceil(entriesAtOnce / Math.max(1, steps));
      const found: ScoreParts[] = [];
      const atOnce = steps > 0 ? 1 : itemsAtOnce;
      for (let from = 0; from < itemVectors.length; from += atOnce) {
        if (from > 0 && enough?.()) break;
        const served = itemVectors.slice(from, from + atOnce);
        const vectors = served.map((vector) => learnedItem(vector, { config, reach, known }));
        const all = await integrate(session, { sums, fixed, vectors, rowsAtOnce, stretches: by });
        for (const [at, { gradients: mean, ...whole }] of all.entries()) {
          const bags: Record<string, Float64Array> = {};
          for (const { name } of layout.bags) {
            bags[name] = entryParts(viewer.bags[name]!, table(name), mean[name]!);
          }
          const dense = Float64Array.from(viewer.dense, (x, i) => x * (mean["dense"]?.[i] ?? 0));
          const ofLikes = linear?.(viewer, served[at]!) ?? new Float64Array(0);
          for (const [like, part] of ofLikes.entries()) bags[history!.name]![like]! += part;
          const score = ofLikes.reduce((sum, part) => sum + part, whole.score);
          found.push({ ...whole, score, bags, dense, steps: mean[stepShares] ?? new Float64Array(0) });
        }
      }
      return found;
    },
    close: () => session.close(),
  };
}

/** What each step of a sequence has gone of its way, from 0 to 1. */
const stepShares = "sequence_shares";

/** The summed vectors of the bags, and `dense`, go in; the output along `v`, its length and the gradients come out. */
function gradientGraph(
  config: TowerConfig,
  layout: RowLayout,
  arrays: ReadonlyMap<string, TowerArray>,
): Uint8Array {
  const learned = new Map<string, Value>();
  const ofTower = (name: string): Value => {
    const known = learned.get(name) ?? parameter(name, arrays.get(name)!.shape);
    learned.set(name, known);
    return known;
  };
  const sums = new Map<string, Value>();
  for (const bag of layout.bags) sums.set(bag.name, input(bag.name, ["rows", bagWidth(config, bag)]));
  if (layout.denseWidth > 0) sums.set("dense", input("dense", ["rows", layout.denseWidth]));
  const sequence = layout.sequence && sequenceInputs((name) => input(name, ["rows", "steps"], "int32"));
  if (sequence !== undefined) sums.set(stepShares, input(stepShares, ["rows", "steps"]));
  const output = userOutput(config, layout, {
    parameter: ofTower,
    sumBag: (bag) => sums.get(bag.name)!,
    dense: sums.get("dense"),
    ...(sequence && {
      sequence: { ...sequence, vectors: onTheWay(sequence, sums.get(stepShares)!, ofTower) },
    }),
  });
  const direction = input("direction", ["rows", directionDims(config)]);
  const along = reduceSum(mul(output, direction), { axes: [1], keepDims: true });
  const length = sqrt(reduceSumSquare(output, { axes: [1], keepDims: true }));
  const by = gradients(reduceSum(along), [...sums.values()]);
  return emitOnnx({
    name: "score_parts",
    inputs: [...sums.values(), ...Object.values(sequence ?? {}), direction],
    outputs: {
      along,
      length,
      ...Object.fromEntries([...sums.keys()].map((name, i) => [`by_${name}`, by[i]!])),
    },
    parameters: Object.fromEntries([...learned.keys()].map((name) => [name, arrays.get(name)!.data])),
  });
}

/** e₀ + share · (e_k − e₀), of each step. */
function onTheWay(steps: SequenceInputs, shares: Value, ofTower: (name: string) => Value): Value {
  const start = startVector(ofTower);
  const way = sub(sequenceVectors(steps, ofTower), start);
  return add(start, mul(reshape(shares, [...shares.shape, 1]), way));
}

function sequenceAlone({ sequence }: RowLayout): RowLayout {
  return { denseWidth: 0, dense: [], bags: [], ...(sequence && { sequence }) };
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
