import { eventKinds } from "../src/catalogue/mod.ts";
import type { EvaluationSet, Scorer } from "../src/evaluation/mod.ts";
import {
  type Histories,
  newestEvents,
  sequenceSchema,
  videoSchema,
  withoutNewestEvents,
} from "../src/features/mod.ts";
import { createRuntimeProduct } from "../src/onnx/mod.ts";
import { foldIn } from "../src/recommend/mod.ts";
import type { TowerPreset, TowerScorer } from "../src/towers/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";
import { trainOnDemo } from "./demo-towers.ts";

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
  const demo = await trainOnDemo({
    schema: preset.startsWith("sequence") ? sequenceSchema(videoSchema) : videoSchema,
    towers: { preset },
  });
  const { items, runtime, towers, scorer, parts } = demo;
  const product = await createRuntimeProduct(runtime, { transposeB: true });
  const { dims } = towers;

  /** Viewers' vectors of all but their last events, these folded in or not. */
  const before = (since: number, folded: boolean): Scorer => ({
    name: "before",
    score: async (histories) => {
      const users = await scorer.embed(withoutNewestEvents(histories, since));
      if (folded) moveAll(users, { histories, since, scorer, dims });
      return product.multiply(users, scorer.itemVectors, {
        m: histories.asOf.length,
        k: dims,
        n: items.length,
      });
    },
  });
  const table: Record<string, Record<string, number>> = {};
  for (const [part, whole] of Object.entries(parts)) {
    for (const length of lengths) {
      const set: EvaluationSet = { ...whole, given: newestEvents(whole.given, length) };
      const ndcg = (of: Scorer): Promise<number> => demo.ndcg(of, set);
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
  await demo.close();
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
