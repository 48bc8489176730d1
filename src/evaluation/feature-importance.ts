import {
  type Csr,
  createRandom,
  FutagoError,
  type Progress,
  type Random,
  silentProgress,
} from "../base/mod.ts";
import type { Item } from "../catalogue/mod.ts";
import { type EncodedRows, encodeItems, encodeUsers, type RowLayout } from "../features/mod.ts";
import { createRuntimeProduct, type Runtime } from "../onnx/mod.ts";
import type { Towers } from "../towers/mod.ts";
import type { Estimate } from "./bootstrap.ts";
import { firstViewers } from "./evaluation-set.ts";
import { ndcgAt } from "./metrics/ndcg.ts";
import { createRanker } from "./ranking.ts";
import type { EvaluationSet } from "./split.ts";

/** How much worse the towers rank when one feature is shuffled. */
export interface FeatureImportance extends Estimate {
  readonly side: "user" | "item";
  readonly feature: string;
}

/** Options of {@link featureImportance}. */
export interface FeatureImportanceOptions {
  /** Whom and what to rank; usually `split.validation`, so that a choice of features is none by the test. */
  readonly set: EvaluationSet;
  /** The catalogue by dataset index. */
  readonly items: readonly Item[];
  readonly runtime: Runtime;
  /** Of the shuffles. @default 42 */
  readonly seed?: number;
  /** Shuffles of each feature, 2-10. @default 5 */
  readonly repeats?: number;
  /** Most viewers that are ranked for. @default 500 */
  readonly maxViewers?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What {@link featureImportance} found. */
export interface MeasuredImportance {
  /** NDCG@10 with every feature in its place. */
  readonly ndcg: number;
  readonly viewers: number;
  /** The most important first: `mean` is the drop in NDCG@10, with its interval over the repeats. */
  readonly features: readonly FeatureImportance[];
}

/** Student's t at 97.5 % for 1 to 9 degrees of freedom. */
const student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

const cut = 10;

/**
 * Permutation importance (Breiman 2001, "Random Forests", section 10): one feature is shuffled among the viewers, or among
 * the items, everything else stays, and what NDCG@10 loses is what the towers had from it. Features that tell the same
 * stand in for each other: each alone may look as if nothing depended on it.
 *
 * @param towers A trained pair.
 * @param options Whom and what to rank, how often to shuffle.
 * @returns The drop of each feature; the same seed gives the same.
 * @throws RangeError For repeats out of range, or nobody to rank for.
 * @throws FutagoError `cancelled` when the signal is aborted.
 *
 * @example
 * ```ts no-run
 * import { createPortableRuntime, featureImportance, splitStrong, type Towers } from "futago";
 * declare const towers: Towers;
 * const { items, validation: set } = splitStrong(dataset, { seed: 42 });
 * const { features } = await featureImportance(towers, { set, items, runtime: createPortableRuntime() });
 * ```
 */
export async function featureImportance(
  towers: Towers,
  options: FeatureImportanceOptions,
): Promise<MeasuredImportance> {
  const { items, seed = 42, repeats = 5, progress = silentProgress, signal } = options;
  const set = firstViewers(options.set, options.maxViewers ?? 500);
  const viewers = set.people.length;
  if (!(Number.isInteger(repeats) && repeats >= 2 && repeats <= 10)) {
    throw new RangeError(
      `Cannot measure importance as repeats must be a whole number from 2 to 10: current value is ${repeats}`,
    );
  }
  if (viewers === 0) {
    throw new RangeError(
      "Cannot measure importance as somebody must have likes to find: current value is 0 viewers",
    );
  }
  const { itemLayout, userLayout } = towers.features;
  const encoded = encodeItems(towers.features, items);
  const rows = { item: encoded, user: encodeUsers(towers.features, set.given, { items: encoded }) };
  const vectors = {
    user: await towers.embedEncodedUsers(rows.user),
    item: await towers.embedEncodedItems(rows.item),
  };
  const product = await createRuntimeProduct(options.runtime, { transposeB: true });
  const ranker = createRanker(set, { itemCount: items.length, topK: 0 });
  const ndcgOf = async (users: Float32Array, catalogue: Float32Array): Promise<number> => {
    const shape = { m: viewers, k: towers.dims, n: items.length };
    const scores = await product.multiply(users, catalogue, shape);
    let sum = 0;
    for (let row = 0; row < viewers; row++) {
      const { ranks } = ranker.rank(row, scores.subarray(row * items.length, (row + 1) * items.length));
      sum += ndcgAt(ranks, cut);
    }
    return sum / viewers;
  };
  const asked = [
    ...namesOf(userLayout).map((feature) => ({ side: "user" as const, feature })),
    ...namesOf(itemLayout).map((feature) => ({ side: "item" as const, feature })),
  ];
  const task = progress.start("Shuffling features", asked.length * repeats);
  try {
    const ndcg = await ndcgOf(vectors.user, vectors.item);
    const features: FeatureImportance[] = [];
    for (const { side, feature } of asked) {
      const layout = side === "user" ? userLayout : itemLayout;
      // A stream for each feature, so that one more of them leaves the others' figures alone.
      const random = createRandom(seed).fork(`${side}.${feature}`);
      const drops: number[] = [];
      for (let repeat = 0; repeat < repeats; repeat++) {
        if (signal?.aborted)
          throw new FutagoError("cancelled", "Cannot finish measuring as it was cancelled");
        const order = shuffled(rows[side].rows, random);
        const mixed = withShuffled(rows[side], { layout, feature, order });
        drops.push(
          ndcg -
            (side === "user"
              ? await ndcgOf(await towers.embedEncodedUsers(mixed), vectors.item)
              : await ndcgOf(vectors.user, await towers.embedEncodedItems(mixed))),
        );
        task.advance(1);
      }
      features.push({ side, feature, ...interval(drops) });
    }
    features.sort((a, b) => b.mean - a.mean);
    return { ndcg, viewers, features };
  } finally {
    task.done();
    await product.close();
  }
}

function namesOf({ bags, dense, sequence }: RowLayout): readonly string[] {
  return [...bags, ...dense, ...(sequence === undefined ? [] : [sequence])].map(({ name }) => name);
}

/** mean ± t · s / √n, s² = Σ (x - mean)² / (n - 1). */
function interval(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const half = student[n - 2]! * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half };
}

function shuffled(count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The rows with one feature of row `order[r]` in row `r`. */
function withShuffled(
  rows: EncodedRows,
  {
    layout,
    feature,
    order,
  }: { readonly layout: RowLayout; readonly feature: string; readonly order: Int32Array },
): EncodedRows {
  const bag = rows.bags[feature];
  if (bag !== undefined) return { ...rows, bags: { ...rows.bags, [feature]: taken(bag, order) } };
  if (rows.sequence !== undefined && layout.sequence?.name === feature) {
    const { offsets, items, gaps, kinds } = rows.sequence;
    const steps = Float32Array.from(items, (_, step) => step);
    const from = taken({ offsets, indices: items, weights: steps }, order);
    const pick = (values: Int32Array): Int32Array => Int32Array.from(from.weights, (step) => values[step]!);
    return {
      ...rows,
      sequence: { offsets: from.offsets, items: from.indices, gaps: pick(gaps), kinds: pick(kinds) },
    };
  }
  const { offset, width } = layout.dense.find(({ name }) => name === feature)!;
  const dense = rows.dense.slice();
  for (let row = 0; row < rows.rows; row++) {
    const from = order[row]! * layout.denseWidth + offset;
    dense.set(rows.dense.subarray(from, from + width), row * layout.denseWidth + offset);
  }
  return { ...rows, dense };
}

function taken({ offsets, indices, weights }: Csr, order: Int32Array): Csr {
  const moved = new Int32Array(order.length + 1);
  for (const [row, from] of order.entries()) {
    moved[row + 1] = moved[row]! + offsets[from + 1]! - offsets[from]!;
  }
  const bag = { offsets: moved, indices: indices.slice(), weights: weights.slice() };
  for (const [row, from] of order.entries()) {
    const start = offsets[from]!;
    const end = offsets[from + 1]!;
    bag.indices.set(indices.subarray(start, end), moved[row]!);
    bag.weights.set(weights.subarray(start, end), moved[row]!);
  }
  return bag;
}
