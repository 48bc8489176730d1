import type { BagLayout } from "../features/mod.ts";
import {
  add,
  concat,
  div,
  l2Normalise,
  mul,
  reduceSumSquare,
  relu,
  scalar,
  slice,
  sqrt,
  sub,
  type Value,
} from "../graph/mod.ts";
import type { TowerConfig } from "./tower-config.ts";
import type { TowerSources } from "./tower-graph.ts";
import type { TowerLayouts, TowerParameter } from "./tower-parameters.ts";

/**
 * The linear part: numbers of the served vectors that are not trained by steps but found in closed form (EASE, brought to
 * few dimensions; see `fitLinearPart`). A viewer has S, the sum over all they liked of the rows of one table; an item has its
 * row f of another. They stand behind what the towers learned:
 *
 * ```
 * user = [ρ u, 1, 0, g e, g rest, √(1 - ρ²), 0] / √(2 + g²)     [e, rest] = [S, κ] / √(|S|² + κ²)
 * item = [v, c, slack, f, 0, 0, √(¼ - |f|²)] / √(1 + limit² + ¼)      every |f| below ½
 * user · item = (ρ u · v + c + g e · f) / √((2 + g²) (1 + limit² + ¼))
 *
 * ρ = √(n + 1) / √(n + 1 + δ²)      n likes
 * ```
 *
 * Both have unit length, so that whatever finds near vectors finds by the sum of both scores. κ is what S of a viewer with much
 * to go by is like: of somebody who liked little e is short, and the towers decide. So is the direction ρ u, the shorter the greater the
doubt δ: a unit vector says of one like as much as of a hundred, and what is liked by most, c, is the better guess then. How much the part weighs is the viewer's g:
 * were it in the item's numbers, these would differ most where nobody looks, in what brings them to unit length, and an index
 * would find fewer of the nearest (pgvector's HNSW at an ef_search of 200 on MovieLens-1M: recall@100 .49, so .9999).
 */
export interface LinearBags {
  /** Of the user tower: liked items. */
  readonly history: BagLayout;
  /** Of the item tower: the item itself, in the same rows. */
  readonly id: BagLayout;
}

/** Names of the arrays of the linear part. */
export const linearTables = {
  /** [vocabulary, linearDims + 1]: the rows that S sums, and a 1 that counts likes. */
  user: "user.linear.table",
  /** [1, 1]: κ, above 0. */
  evidence: "user.linear.evidence",
  /** [1, 1]: g, 0 where the part counts nothing. */
  reach: "user.linear.reach",
  /** [1, 1]: δ, 0 where a direction counts in full from the first like on. */
  doubt: "user.linear.doubt",
  /** [vocabulary, linearDims]: the rows f, each shorter than {@link longestLinearRow}. */
  item: "item.linear.table",
} as const;

/** How long a row f of an item may be; half of the length of what is learned. */
export const longestLinearRow = 0.5;

/** Numbers of a vector that the linear part takes: its own, two for viewers to be of unit length by, one for items. */
export function linearWidth({ linearDims }: Pick<TowerConfig, "linearDims">): number {
  return linearDims === 0 ? 0 : linearDims + 3;
}

/** Numbers of a vector that hold the direction which a tower learned. */
export function directionDims(config: Pick<TowerConfig, "dims" | "linearDims">): number {
  return config.dims - 2 - linearWidth(config);
}

/**
 * The towers as they are trained: without the linear part.
 *
 * @param config The towers as they are served.
 * @returns The same, with shorter vectors.
 */
export function learnedTowers(config: TowerConfig): TowerConfig {
  return { ...config, dims: config.dims - linearWidth(config), linearDims: 0 };
}

/**
 * What the inner product of served vectors lacks to u · v + c + g e · f: the lengths that they were divided by.
 *
 * @param config The towers as they are served.
 * @param reach g, where they have a linear part.
 * @returns √2 √(1 + limit²), or √(2 + g²) √(1 + limit² + ¼).
 */
export function packedLength(config: TowerConfig, reach = 0): number {
  return Math.sqrt(2 + reach * reach) * itemLength(config);
}

/**
 * What an item's numbers are divided by.
 *
 * @param config The towers as they are served.
 * @returns √(1 + limit²), or √(1 + limit² + ¼).
 */
export function itemLength({ biasLimit, linearDims }: Pick<TowerConfig, "biasLimit" | "linearDims">): number {
  return Math.hypot(1, biasLimit, linearDims > 0 ? longestLinearRow : 0);
}

/**
 * What a linear part can read.
 *
 * @param layouts What the towers read.
 * @returns Undefined where no history of liked items is pooled from the items' own rows.
 */
export function linearBags({ user, item }: TowerLayouts): LinearBags | undefined {
  const history = user.bags.find(({ role, refused }) => role === "history" && refused !== true);
  const id = item.bags.find(({ role, vocabulary }) => role === "id" && vocabulary === history?.vocabulary);
  return history === undefined || id === undefined ? undefined : { history, id };
}

/**
 * The arrays of the linear part; training does not know of them.
 *
 * @param config Its width.
 * @param bags What it reads.
 * @returns Five parameters.
 */
export function linearParameters({ linearDims }: TowerConfig, bags: LinearBags): readonly TowerParameter[] {
  const found = { spread: 0, decays: false } as const;
  const { history, id } = bags;
  return [
    {
      name: linearTables.user,
      shape: [history.vocabulary, linearDims + 1],
      ...found,
      bag: { side: "user", layout: history },
    },
    { name: linearTables.evidence, shape: [1, 1], ...found },
    { name: linearTables.reach, shape: [1, 1], ...found },
    { name: linearTables.doubt, shape: [1, 1], ...found },
    {
      name: linearTables.item,
      shape: [id.vocabulary, linearDims],
      ...found,
      bag: { side: "item", layout: id },
    },
  ];
}

/**
 * Puts the linear part of a viewer behind their vector.
 *
 * @param packed [u, 1, 0] / √2.
 * @param bags What the part reads.
 * @param sources Parameters and inputs.
 * @returns [ρ u, 1, 0, g e, g rest, √(1 - ρ²), 0] / √(2 + g²).
 */
export function withUserPart(packed: Value, { history }: LinearBags, sources: TowerSources): Value {
  // A history has weights of Euclidean length 1: those of n likes add up to √n, and their sum times that is that of all likes.
  const summed = sources.sumBag(history, linearTables.user);
  const width = summed.shape[1] as number;
  const count = slice(summed, { axis: 1, start: width - 1, end: width });
  const all = mul(slice(summed, { axis: 1, start: 0, end: width - 1 }), count);
  const nothing = mul(count, scalar(0));
  const evidence = add(nothing, sources.parameter(linearTables.evidence));
  const e = l2Normalise(concat([all, evidence], { axis: 1 }), { axis: 1, epsilon: 0 });
  const doubt = add(nothing, sources.parameter(linearTables.doubt));
  const learned = mul(packed, scalar(Math.SQRT2));
  const end = learned.shape[1] as number;
  const columns = (of: Value, start: number, stop: number): Value => slice(of, { axis: 1, start, end: stop });
  const likes = add(mul(count, count), scalar(1));
  const direction = mul(columns(learned, 0, end - 2), sqrt(likes));
  // [ρ u, √(1 - ρ²)]: u has unit length.
  const known = l2Normalise(concat([direction, doubt], { axis: 1 }), { axis: 1, epsilon: 0 });
  const reach = sources.parameter(linearTables.reach);
  const parts = [columns(known, 0, end - 2), columns(learned, end - 2, end), mul(e, reach)];
  const whole = concat([...parts, columns(known, end - 2, end - 1), nothing], { axis: 1 });
  return div(whole, sqrt(add(mul(reach, reach), scalar(2))));
}

/**
 * Puts the linear part of an item behind its vector.
 *
 * @param packed [v, c, slack] / √(1 + limit²).
 * @param options What the part reads, and the towers as they are served.
 * @param sources Parameters and inputs.
 * @returns [v, c, slack, f, 0, 0, √(¼ - |f|²)] / √(1 + limit² + ¼).
 */
export function withItemPart(
  packed: Value,
  options: { readonly bags: LinearBags; readonly config: TowerConfig },
  sources: TowerSources,
): Value {
  const { bags, config } = options;
  const f = sources.sumBag(bags.id, linearTables.item);
  const length = reduceSumSquare(f, { axes: [1], keepDims: true });
  // ½ is well above every |f|: where they met, the root would lose half its digits.
  const slack = sqrt(relu(sub(scalar(longestLinearRow ** 2), length)));
  const nothing = mul(length, scalar(0));
  const own = itemLength({ biasLimit: config.biasLimit, linearDims: 0 });
  const whole = concat([mul(packed, scalar(own)), f, nothing, nothing, slack], { axis: 1 });
  return mul(whole, scalar(1 / itemLength(config)));
}

/**
 * What an item's vector would be without its linear part, so that its product with [u, 1, 0] / √2 is what those numbers
 * bring to the score.
 *
 * @param vector As it is served.
 * @param options The towers as they are served, g, and ρ of the viewer.
 * @returns [ρ v, c, slack] on the scale of the score.
 */
export function learnedItem(
  vector: Float32Array,
  { config, reach, known }: { readonly config: TowerConfig; readonly reach: number; readonly known: number },
): Float32Array {
  if (config.linearDims === 0) return vector;
  const scale = Math.sqrt(2 / (2 + reach * reach));
  const direction = directionDims(config);
  return vector
    .slice(0, config.dims - linearWidth(config))
    .map((x, d) => x * scale * (d < direction ? known : 1));
}

/**
 * How much of a viewer's direction counts.
 *
 * @param weights Of their likes, of Euclidean length 1.
 * @param doubt δ.
 * @returns ρ, 0-1.
 */
export function knownShare(weights: Float32Array, doubt: number): number {
  const root = Math.hypot(
    weights.reduce((sum, weight) => sum + weight, 0),
    1,
  );
  return root / Math.hypot(root, doubt);
}

/**
 * The parts that a viewer's likes have in a score through the linear part: linear, but for one length.
 *
 * @param likes Rows of the table and weights.
 * @param options The user table, κ, g, and the item's vector as it is served.
 * @returns One part for each like.
 */
export function linearScoreParts(
  likes: { readonly indices: Int32Array; readonly weights: Float32Array },
  options: {
    readonly config: TowerConfig;
    readonly table: Float32Array;
    readonly evidence: number;
    readonly reach: number;
    readonly item: Float32Array;
  },
): Float64Array {
  const { config, table, evidence, reach, item } = options;
  const { linearDims } = config;
  const at = directionDims(config) + 2;
  const sum = new Float64Array(linearDims);
  let count = 0;
  const parts = Float64Array.from(likes.indices, (row, like) => {
    let part = 0;
    count += likes.weights[like]!;
    for (let d = 0; d < linearDims; d++) {
      const value = likes.weights[like]! * table[row * (linearDims + 1) + d]!;
      sum[d]! += value;
      part += value * item[at + d]!;
    }
    return part;
  });
  const length = Math.hypot(evidence, count * Math.hypot(...sum));
  const scale = (reach * count) / (length * Math.sqrt(2 + reach * reach));
  return parts.map((part) => part * scale);
}
