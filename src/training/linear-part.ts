import { type Csr, FutagoError, type Random } from "../base/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import { choosePenalty, easeMap, easePenalties, gramMatrix, principalDirections } from "../linear/mod.ts";
import { createRuntimeProduct, type Runtime } from "../onnx/mod.ts";
import {
  linearBags,
  linearTables,
  longestLinearRow,
  type TowerConfig,
  temperatureParameter,
  type Weights,
} from "../towers/mod.ts";
import { type LinearColumns, linearColumns } from "./linear-columns.ts";
import { createLinearTrial, type Tables } from "./linear-trial.ts";
import type { ValidatorOptions } from "./validator.ts";
import { chooseDoubt } from "./viewer-doubt.ts";

/** What was chosen for a linear part. */
export interface LinearReport {
  /** λ of EASE. */
  readonly penalty: number;
  /** What a standard deviation of the part's scores weighs with a middling history, in logits of the towers; 0: nothing. */
  readonly weight: number;
  /** δ: how much more than one like it takes to trust a direction. */
  readonly doubt: number;
  /** Items that the part knows. */
  readonly items: number;
  /** NDCG@10 on the validation viewers, with the part. */
  readonly ndcg: number;
}

/** What {@link fitLinearPart} is given: of the validator's options `config` is that of the learned towers. */
export interface LinearPartOptions extends Omit<ValidatorOptions, "items"> {
  /** The towers as they are served. */
  readonly served: TowerConfig;
  /** The catalogue as it is trained on, and as the validation set ranks it. */
  readonly items: {
    readonly train: ValidatorOptions["items"];
    readonly validation: ValidatorOptions["items"];
  };
  /** What each person took: people × items. */
  readonly positives: Csr;
  /** What the towers learned. */
  readonly weights: Weights;
  /** Values of δ to choose from, ascending. */
  readonly doubts: readonly number[];
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

/** Weights that are tried, in logits per standard deviation. */
const weightsTried = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

/** How far ½ stands above the longest row f. */
const headroom = 1 / 0.9;

/**
 * Finds the linear part of trained towers: EASE over the likes, brought to the directions in which its scores differ most,
 *
 * ```
 * B ≈ B V Vᵀ      rows of the user table: B V      rows of g f: a τ √(2 items) V_j
 * ```
 *
 * So chosen, g e · f has a standard deviation of about a τ over the items for a viewer of middling history: κ is the median of
 * |S| over the validation viewers. Penalty and weight a are chosen by validation: the first by NDCG@10 of the part
 * alone, the second by the mean of NDCG@10 and @100 of the sum, after δ (see `chooseDoubt`). Towers and closed form make different mistakes; what their sum
 * gains is in docs/quality.md.
 *
 * @param runtime What multiplies.
 * @param options Towers, likes and the validation set.
 * @returns The arrays of the part, and what was chosen; zeros where fewer than two items are liked.
 * @throws FutagoError `cancelled` when the signal is aborted.
 */
export async function fitLinearPart(
  runtime: Runtime,
  options: LinearPartOptions,
): Promise<{ readonly weights: Weights; readonly report?: LinearReport }> {
  const { served, features, positives, random, signal } = options;
  const bags = linearBags({ user: features.userLayout, item: features.itemLayout })!;
  const columns = linearColumns(positives, options.items.train.bags[bags.id.name]!);
  const count = columns.rows.length;
  if (count < 2) return { weights: noLinearPart(served, features) };
  const ranked = { ...options, items: options.items.validation };
  const doubt = await chooseDoubt(runtime, ranked);
  const trial = await createLinearTrial(runtime, { ...ranked, doubt });
  const product = await createRuntimeProduct(runtime);
  try {
    const gram = gramMatrix(columns.likes, count);
    const directions = Math.min(served.linearDims, count - 1);
    const tables = async (penalty: number): Promise<Tables> => {
      if (signal?.aborted)
        throw new FutagoError(
          "cancelled",
          "Cannot finish the linear part as it was stopped: run it again to go on",
        );
      const map = await easeMap(gram, { penalty, product });
      const from = { gram, count: directions, product, random: random.fork("directions") };
      const item = await principalDirections(map, from);
      const user = await product.multiply(map, item, { m: count, k: count, n: directions });
      return spread({ user, item }, { columns, dims: served.linearDims, vocabulary: bags.id.vocabulary });
    };
    const { penalty, ...found } = await choosePenalty(easePenalties, async (penalty) => {
      const made = await tables(penalty);
      return { ...made, penalty, quality: await trial.alone(made) };
    });
    // The rows of V have a mean square length of directions / items.
    const scale = temperatureOf(options) * Math.sqrt(2 * count);
    const { weight, evidence, ndcg } = await trial.chooseWeight(found, { scale, weights: weightsTried });
    const fits = longestLinearRow / (longestOf(found.item, served.linearDims) * headroom);
    return {
      weights: {
        [linearTables.user]: counting(found.user, served.linearDims),
        [linearTables.evidence]: Float32Array.of(evidence),
        [linearTables.reach]: Float32Array.of((scale * weight) / fits),
        [linearTables.doubt]: Float32Array.of(doubt),
        [linearTables.item]: found.item.map((value) => value * fits),
      },
      report: { penalty, weight, doubt, items: count, ndcg },
    };
  } finally {
    await product.close();
    await trial.close();
  }
}

/**
 * A linear part that adds nothing: of towers that nobody could choose its weight for.
 *
 * @param served The towers as they are served.
 * @param features For the size of the tables.
 * @returns Nothing but zeros for items.
 */
export function noLinearPart({ linearDims }: TowerConfig, features: FittedFeatures): Weights {
  const { id } = linearBags({ user: features.userLayout, item: features.itemLayout })!;
  const zeros = (): Float32Array => new Float32Array(id.vocabulary * linearDims);
  return {
    [linearTables.user]: counting(zeros(), linearDims),
    [linearTables.evidence]: Float32Array.of(1),
    [linearTables.reach]: new Float32Array(1),
    [linearTables.doubt]: new Float32Array(1),
    [linearTables.item]: zeros(),
  };
}

/** The length of the longest row. */
function longestOf(rows: Float32Array, width: number): number {
  let longest = 0;
  for (let from = 0; from < rows.length; from += width)
    longest = Math.max(longest, Math.hypot(...rows.subarray(from, from + width)));
  return longest;
}

/** The rows with a 1 behind each. */
function counting(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  const table = new Float32Array(count * (width + 1)).fill(1);
  for (let row = 0; row < count; row++)
    table.set(rows.subarray(row * width, (row + 1) * width), row * (width + 1));
  return table;
}

/** Rows by column of the map to rows of the vocabulary; what the map does not know is 0. */
function spread(
  { user, item }: Tables,
  to: { readonly columns: LinearColumns; readonly dims: number; readonly vocabulary: number },
): Tables {
  const { columns, dims, vocabulary } = to;
  const count = columns.rows.length;
  const table = (rows: Float32Array): Float32Array => {
    const width = rows.length / count;
    const whole = new Float32Array(vocabulary * dims);
    for (let c = 0; c < count; c++)
      whole.set(rows.subarray(c * width, (c + 1) * width), columns.rows[c]! * dims);
    return whole;
  };
  return { user: table(user), item: table(item) };
}

function temperatureOf({ config, weights }: LinearPartOptions): number {
  return config.learnTemperature ? Math.exp(weights[temperatureParameter]![0]!) : config.temperature;
}
