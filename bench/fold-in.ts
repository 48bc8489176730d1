import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { buildDataset, eventKinds, generateDemo } from "../src/catalogue/mod.ts";
import {
  type EvaluationSet,
  meanNdcg,
  type Scorer,
  splitStrong,
  trainingValidation,
} from "../src/evaluation/mod.ts";
import { type Histories, newestEvents, sequenceSchema, videoSchema } from "../src/features/mod.ts";
import { createRuntimeProduct } from "../src/onnx/mod.ts";
import { foldIn } from "../src/recommend/mod.ts";
import { createTowerScorer, loadTowers, type TowerPreset, type TowerScorer } from "../src/towers/mod.ts";
import { createTrainer } from "../src/training/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";

/** Shown in the list of benchmarks. */
export const about =
  "NDCG@10 of demo viewers whose last events came after their vector was stored: as it is, folded in, by the towers; --preset";

const lengths = [3, 5, 10, 20, 50];
const drops = [1, 3];

/**
 * Trains on the demo catalogue, and recommends to viewers it was not trained on as if so many events were all there is: by the
 * vector that the towers make of them, by the one they made before the last few, and by that with these folded in.
 *
 * @param options Arguments and log.
 * @returns NDCG@10 by part, events in all and events since.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const at = args.indexOf("--preset");
  const preset = (at < 0 ? "standard" : args[at + 1]) as TowerPreset;
  const split = splitStrong(buildDataset(generateDemo()).dataset, { seed: 42 });
  const runtime = await createOrtRuntime();
  const validation = trainingValidation(split);
  const model = await createTrainer({ runtime }).fit(split.train, {
    schema: preset.startsWith("sequence") ? sequenceSchema(videoSchema) : videoSchema,
    towers: { preset },
    ...(validation === undefined ? {} : { validation }),
  });
  const towers = await loadTowers(runtime, model);
  const { items } = split;
  const scorer = await createTowerScorer(towers, { runtime, items });
  const product = await createRuntimeProduct(runtime, { transposeB: true });
  const { dims } = towers;

  /** Viewers' vectors of all but their last events, these folded in or not. */
  const before = (since: number, folded: boolean): Scorer => ({
    name: "before",
    score: async (histories) => {
      const users = await scorer.embed(withoutNewest(histories, since));
      if (folded) moveAll(users, { histories, since, scorer, dims });
      return product.multiply(users, scorer.itemVectors, {
        m: histories.asOf.length,
        k: dims,
        n: items.length,
      });
    },
  });
  const table: Record<string, Record<string, number>> = {};
  const parts = { ...(split.validation && { validation: split.validation }), test: split.test };
  for (const [part, whole] of Object.entries(parts)) {
    for (const length of lengths) {
      const set: EvaluationSet = { ...whole, given: newestEvents(whole.given, length) };
      const ndcg = async (of: Scorer): Promise<number> =>
        Math.round(1e4 * (await meanNdcg(of, set, { itemCount: items.length, k: 10 }))) / 1e4;
      const row: Record<string, number> = { towers: await ndcg(scorer) };
      for (const since of drops.filter((drop) => drop < length)) {
        row[`stored ${since} before`] = await ndcg(before(since, false));
        row[`${since} folded in`] = await ndcg(before(since, true));
      }
      table[`${part} ${length}`] = row;
      log(`${part} ${length}: ${JSON.stringify(row)}`);
    }
  }
  await product.close();
  await scorer.close();
  await towers.close();
  return { preset, table };
}

function moveAll(
  users: Float32Array,
  of: {
    readonly histories: Histories;
    readonly since: number;
    readonly scorer: TowerScorer;
    readonly dims: number;
  },
): void {
  const { histories, since, scorer, dims } = of;
  const { offsets, kind, item } = histories;
  for (const row of histories.asOf.keys()) {
    const liked: Float32Array[] = [];
    for (let e = Math.max(offsets[row]!, offsets[row + 1]! - since); e < offsets[row + 1]!; e++) {
      if (eventKinds[kind[e]!] !== "like") continue;
      liked.push(scorer.itemVectors.subarray(item[e]! * dims, (item[e]! + 1) * dims));
    }
    const vector = users.subarray(row * dims, (row + 1) * dims);
    vector.set(foldIn(vector, liked));
  }
}

function withoutNewest(histories: Histories, since: number): Histories {
  const end = (row: number) => Math.max(histories.offsets[row]!, histories.offsets[row + 1]! - since);
  const kept: number[] = [];
  const offsets = new Int32Array(histories.offsets.length);
  for (const row of histories.asOf.keys()) {
    for (let e = histories.offsets[row]!; e < end(row); e++) kept.push(e);
    offsets[row + 1] = kept.length;
  }
  const { watchSeconds } = histories;
  return {
    ...histories,
    offsets,
    item: Int32Array.from(kept, (e) => histories.item[e]!),
    kind: Uint8Array.from(kept, (e) => histories.kind[e]!),
    at: Float64Array.from(kept, (e) => histories.at[e]!),
    watchFraction: Float32Array.from(kept, (e) => histories.watchFraction[e]!),
    ...(watchSeconds && { watchSeconds: Float32Array.from(kept, (e) => watchSeconds[e]!) }),
  };
}
