import type { EncodedRows } from "../features/mod.ts";
import { createRuntimeProduct, type Runtime } from "../onnx/mod.ts";
import { linearBags, packedLength, type Weights } from "../towers/mod.ts";
import { validationNdcg } from "./validation-ndcg.ts";
import { scoreInChunks, type ValidatorOptions } from "./validator.ts";
import { shorten } from "./viewer-doubt.ts";
import { createWeightEmbedder } from "./weight-embedder.ts";

/** Tables by the rows of the vocabulary, vocabulary × dims. */
export interface Tables {
  readonly user: Float32Array;
  readonly item: Float32Array;
}

/** Measures linear parts on a validation set. */
export interface LinearTrial {
  /** NDCG@10 of the part alone. */
  alone(tables: Tables): Promise<number>;
  /** κ, and the weight whose sum with the towers has the best mean of NDCG@10 and @100; the smallest of equals. */
  chooseWeight(
    tables: Tables,
    options: { readonly scale: number; readonly weights: readonly number[] },
  ): Promise<{ readonly weight: number; readonly evidence: number; readonly ndcg: number }>;
  close(): Promise<void>;
}

/** Largest matrix of scores held at once, in elements. */
const largestScores = 4_194_304;

/**
 * Scores the validation viewers by the towers once, for parts to be added.
 *
 * @param runtime What multiplies.
 * @param options The learned towers, their weights and δ, and the catalogue that is ranked.
 * @returns The trial.
 */
export async function createLinearTrial(
  runtime: Runtime,
  options: ValidatorOptions & { readonly weights: Weights; readonly doubt: number },
): Promise<LinearTrial> {
  const { config, features, items, set, weights, doubt } = options;
  const embedder = await createWeightEmbedder(runtime, {
    ...options,
    histories: set.given,
    name: "linear part",
  });
  const bags = linearBags({ user: features.userLayout, item: features.itemLayout })!;
  const histories = embedder.viewers.bags[bags.history.name]!;
  const learned = {
    users: shorten(await embedder.users(weights), histories, { config, doubt }),
    items: await embedder.items(weights),
    width: config.dims,
    scale: packedLength(config),
  };
  await embedder.close();
  const ids = items.bags[bags.id.name]!;
  const product = await createRuntimeProduct(runtime, { transposeB: true });
  const viewers = set.given.offsets.length - 1;
  const linear = ({ user, item }: Tables) => {
    const width = item.length / bags.id.vocabulary;
    return {
      users: counted(sums(histories, user, width), histories, width),
      items: sums(ids, item, width),
      width,
      scale: 1,
    };
  };
  /** Scores of some viewers, viewers × items. */
  const scores = (of: typeof learned, from: number, to: number): Promise<Float32Array> =>
    product.multiply(of.users.subarray(from * of.width, to * of.width), of.items, {
      ...{ m: to - from, k: of.width, n: items.rows },
    });
  const step = Math.max(1, Math.floor(largestScores / items.rows));
  return {
    alone: (tables) => {
      const { users, items: right, width } = linear(tables);
      return scoreInChunks(product, { left: users, right, width, set, items: items.rows });
    },
    chooseWeight: async (tables, { scale, weights: tried }) => {
      const part = linear(tables);
      const evidence = medianLength(part.users, part.width);
      shortenSums(part.users, { width: part.width, evidence });
      const found = tried.map((weight) => ({
        weight,
        at10: { sum: 0, viewers: 0 },
        at100: { sum: 0, viewers: 0 },
      }));
      for (let from = 0; from < viewers; from += step) {
        const to = Math.min(viewers, from + step);
        const own = await scores(learned, from, to);
        const added = await scores(part, from, to);
        for (const { weight, at10, at100 } of found) {
          const sum = own.map((score, at) => score * learned.scale + weight * scale * added[at]!);
          add(at10, validationNdcg(sum, { set, items: items.rows, k: 10, from }));
          add(at100, validationNdcg(sum, { set, items: items.rows, k: 100, from }));
        }
      }
      const best = found.reduce((a, b) => (b.at10.sum + b.at100.sum > a.at10.sum + a.at100.sum ? b : a));
      return { weight: best.weight, evidence, ndcg: best.at10.sum / Math.max(1, best.at10.viewers) };
    },
    close: () => product.close(),
  };
}

type Bag = EncodedRows["bags"][string];

/** Each row of a bag summed over a table, rows × width. */
function sums({ offsets, indices, weights }: Bag, table: Float32Array, width: number): Float32Array {
  const rows = offsets.length - 1;
  const all = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let e = offsets[row]!; e < offsets[row + 1]!; e++) {
      const from = indices[e]! * width;
      for (let d = 0; d < width; d++) all[row * width + d]! += weights[e]! * table[from + d]!;
    }
  }
  return all;
}

/** Sums over weights of Euclidean length 1, times the sum of the weights: over n equal ones n times their mean. */
function counted(rows: Float32Array, { offsets, weights }: Bag, width: number): Float32Array {
  for (let row = 0; row + 1 < offsets.length; row++) {
    let count = 0;
    for (let e = offsets[row]!; e < offsets[row + 1]!; e++) count += weights[e]!;
    for (let d = 0; d < width; d++) rows[row * width + d]! *= count;
  }
  return rows;
}

/** Of the rows that are not 0; 1 where all are. */
function medianLength(rows: Float32Array, width: number): number {
  const lengths: number[] = [];
  for (let from = 0; from < rows.length; from += width) {
    const length = Math.hypot(...rows.subarray(from, from + width));
    if (length > 0) lengths.push(length);
  }
  return lengths.sort((a, b) => a - b)[lengths.length >> 1] ?? 1;
}

/** S / √(|S|² + κ²) of each row. */
function shortenSums(
  rows: Float32Array,
  { width, evidence }: { readonly width: number; readonly evidence: number },
): void {
  for (let from = 0; from < rows.length; from += width) {
    const row = rows.subarray(from, from + width);
    const length = Math.hypot(evidence, ...row);
    for (let d = 0; d < width; d++) row[d]! /= length;
  }
}

function add(
  total: { sum: number; viewers: number },
  part: { readonly sum: number; readonly viewers: number },
): void {
  total.sum += part.sum;
  total.viewers += part.viewers;
}
