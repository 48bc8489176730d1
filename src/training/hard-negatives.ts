import type { Csr, Random } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { type EncodedRows, type FittedFeatures, historiesOf } from "../features/mod.ts";
import { createRuntimeProduct, type Runtime } from "../onnx/mod.ts";
import type { TowerConfig, Weights } from "../towers/mod.ts";
import type { CandidateSource } from "./candidates.ts";
import { topItems } from "./top-items.ts";
import type { TrainingConfig } from "./training-config.ts";
import { createWeightEmbedder } from "./weight-embedder.ts";

/** Negatives that the model itself takes for good recommendations. */
export interface HardNegatives {
  /** How often each item was found, as a checkpoint keeps it; all 0 before the first look. */
  readonly mined: Float32Array;
  /** Looks for near neighbours by these weights, and has them drawn from now on. */
  refresh(weights: Weights): Promise<void>;
  /** Has them drawn as `mined` was put back from a checkpoint. */
  restored(): void;
  close(): Promise<void>;
}

/** What {@link openHardNegatives} is given. */
export interface HardNegativeOptions {
  readonly config: TowerConfig;
  readonly features: FittedFeatures;
  readonly training: TrainingConfig;
  readonly dataset: Dataset;
  /** The whole catalogue. */
  readonly items: EncodedRows;
  /** Rows are people of the dataset. */
  readonly positives: Csr;
  /** People with positives. */
  readonly users: Int32Array;
  readonly candidates: CandidateSource;
  /** Chooses the viewers who are looked at. */
  readonly random: Random;
}

/** Viewers whose neighbours are looked up: their lists together are many thousands of entries. */
const mostViewers = 512;

/** Largest matrix of scores held at once, in elements. */
const largestScores = 8_388_608;

/**
 * Prepares the look-up of near neighbours of a fixed sample of viewers.
 *
 * @param runtime What embeds and multiplies.
 * @param options Towers, data, and the source that draws.
 * @returns The miner; undefined where the source draws no hard negatives.
 */
export async function openHardNegatives(
  runtime: Runtime,
  options: HardNegativeOptions,
): Promise<HardNegatives | undefined> {
  const { config, features, training, dataset, items, positives, candidates } = options;
  const { harden, eligible } = candidates;
  if (harden === undefined) return undefined;
  const viewers = sample(options.users, mostViewers, options.random);
  const embedder = await createWeightEmbedder(runtime, {
    config,
    features,
    items,
    histories: historiesOf(dataset, viewers),
    denseRows: training.denseRows,
    name: "hard negatives",
  });
  const product = await createRuntimeProduct(runtime, { transposeB: true });
  const mined = new Float32Array(items.rows);
  const width = config.dims;
  const step = Math.max(1, Math.floor(largestScores / items.rows));
  return {
    mined,
    refresh: async (weights) => {
      const right = await embedder.items(weights);
      const left = await embedder.users(weights);
      mined.fill(0);
      for (let from = 0; from < viewers.length; from += step) {
        const some = viewers.subarray(from, from + step);
        const rows = left.subarray(from * width, (from + some.length) * width);
        const scores = await product.multiply(rows, right, { m: some.length, k: width, n: items.rows });
        countNeighbours(scores, { viewers: some, positives, eligible, training, into: mined });
      }
      harden(mined);
    },
    restored: () => harden(mined),
    close: async () => {
      await embedder.close();
      await product.close();
    },
  };
}

/**
 * Counts, over viewers, the items at ranks `hardSkip` + 1 to `hardSkip` + `hardDepth` among those the viewer did not take.
 * The guard against false negatives: what was taken is out, and so are the very nearest others, which are what the viewer
 * is most likely to take next.
 *
 * @param scores viewers × items, row-major; what may not be drawn is overwritten.
 * @param options Whose scores, what they took, which items may be drawn, and where to count.
 */
export function countNeighbours(
  scores: Float32Array,
  options: {
    readonly viewers: Int32Array;
    readonly positives: Csr;
    readonly eligible: Uint8Array;
    readonly training: Pick<TrainingConfig, "hardDepth" | "hardSkip">;
    readonly into: Float32Array;
  },
): void {
  const { viewers, positives, eligible, training, into } = options;
  const items = eligible.length;
  for (const [row, viewer] of viewers.entries()) {
    const own = scores.subarray(row * items, (row + 1) * items);
    for (let j = 0; j < items; j++) if (eligible[j] === 0) own[j] = Number.NEGATIVE_INFINITY;
    for (let e = positives.offsets[viewer]!; e < positives.offsets[viewer + 1]!; e++) {
      own[positives.indices[e]!] = Number.NEGATIVE_INFINITY;
    }
    const near = topItems(own, training.hardSkip + training.hardDepth).slice(training.hardSkip);
    for (const j of near) if (own[j] !== Number.NEGATIVE_INFINITY) into[j]!++;
  }
}

function sample(values: Int32Array, count: number, random: Random): Int32Array {
  const order = values.slice();
  const size = Math.min(count, order.length);
  for (let i = 0; i < size; i++) {
    const j = i + random.integer(order.length - i);
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  return order.slice(0, size);
}
