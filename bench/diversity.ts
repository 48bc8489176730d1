import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { buildDataset, generateDemo } from "../src/catalogue/mod.ts";
import { evaluate, type Scorer, splitRandom, trainingValidation } from "../src/evaluation/mod.ts";
import { encodeItems, type Histories, videoSchema } from "../src/features/mod.ts";
import { type DiversityMethod, rerank } from "../src/recommend/mod.ts";
import { createTowerScorer, loadTowers } from "../src/towers/mod.ts";
import { createTrainer } from "../src/training/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";

/** Shown in the list of benchmarks. */
export const about = "what diversity costs and brings on the demo data, by both methods; --preset";

const shares = [0, 0.1, 0.2, 0.3, 0.5, 0.7, 1];
const limit = 10;

/**
 * Trains on the demo catalogue and re-ranks what its towers recommend, as a server does: NDCG@10 against how different
 * the ten are from each other, the entropy of their genres and how much of the catalogue is shown to anybody.
 *
 * @param options Arguments and log.
 * @returns A row for each method and diversity: on validation viewers, by which a method is chosen, and on test viewers.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const preset = args.includes("--preset") ? args[args.indexOf("--preset") + 1] : "lite";
  if (preset !== "standard" && preset !== "lite") {
    throw new RangeError(`Cannot train as --preset must be standard or lite: current value is "${preset}"`);
  }
  const split = splitRandom(buildDataset(generateDemo()).dataset, { seed: 42 });
  const runtime = await createOrtRuntime();
  const validation = trainingValidation(split);
  const model = await createTrainer({ runtime }).fit(split.train, {
    schema: videoSchema,
    towers: { preset },
    ...(validation === undefined ? {} : { validation }),
  });
  const towers = await loadTowers(runtime, model);
  const vectors = await towers.embedEncodedItems(encodeItems(model.features, split.items));
  const scorer = await createTowerScorer(towers, { runtime, items: split.items });
  const lists = new Map<string, readonly number[][]>();
  const models = (["mmr", "dpp"] as const).flatMap((method) =>
    shares.map((diversity) => {
      const chosen: number[][] = [];
      const name = `${method} ${diversity}`;
      lists.set(name, chosen);
      return diverse(scorer, { name, method, diversity, vectors, dims: towers.dims, chosen });
    }),
  );
  const table: Record<string, unknown> = {};
  for (const part of ["validation", "test"] as const) {
    for (const chosen of lists.values()) (chosen as number[][]).length = 0;
    const asked = { ...split, test: split[part] };
    const report = await evaluate(asked, models, { ks: [limit], resamples: 1 });
    for (const { name, metrics } of report.models) {
      const row = {
        ndcg: round(metrics[`ndcg@${limit}`]!),
        unlike: round(meanUnlikeness(lists.get(name)!, { vectors, dims: towers.dims })),
        entropy: round(metrics[`diversity@${limit}`]!),
        coverage: round(metrics[`coverage@${limit}`]!),
      };
      table[`${part} ${name}`] = row;
      log(`${part} ${name}: ${JSON.stringify(row)}`);
    }
  }
  await scorer.close();
  await towers.close();
  return { preset, dims: towers.dims, limit, table };
}

/** A scorer whose ten best are those that a server would choose from its forty best; the others follow behind. */
function diverse(
  scorer: Scorer,
  options: {
    readonly name: string;
    readonly method: DiversityMethod;
    readonly diversity: number;
    readonly vectors: Float32Array;
    readonly dims: number;
    readonly chosen: number[][];
  },
): Scorer {
  const { name, method, diversity, vectors, dims, chosen } = options;
  return {
    name,
    score: async (histories: Histories) => {
      const scores = await scorer.score(histories);
      const users = histories.offsets.length - 1;
      const items = scores.length / users;
      for (let user = 0; user < users; user++) {
        const row = scores.subarray(user * items, (user + 1) * items);
        const seen = new Set(histories.item.subarray(histories.offsets[user]!, histories.offsets[user + 1]!));
        const best = Array.from(row.keys())
          .filter((item) => !seen.has(item))
          .sort((a, b) => row[b]! - row[a]!)
          .slice(0, 4 * limit);
        const values = new Float32Array(best.length * dims);
        for (const [at, item] of best.entries()) {
          values.set(vectors.subarray(item * dims, (item + 1) * dims), at * dims);
        }
        const order = rerank(
          { scores: best.map((item) => row[item]!), vectors: { values, dims } },
          { limit, diversity, method },
        ).map((at) => best[at]!);
        chosen.push(order);
        // Above every score there is, an inner product of unit vectors.
        for (const [place, item] of order.entries()) row[item] = 3 - place / 100;
      }
      return scores;
    },
  };
}

/** Mean of 1 − cosine over all pairs of each list: intra-list diversity (Ziegler et al. 2005). */
function meanUnlikeness(
  lists: readonly (readonly number[])[],
  { vectors, dims }: { readonly vectors: Float32Array; readonly dims: number },
): number {
  let sum = 0;
  let pairs = 0;
  for (const list of lists) {
    for (const [i, a] of list.entries()) {
      for (const b of list.slice(i + 1)) {
        for (let d = 0; d < dims; d++) sum += vectors[a * dims + d]! * vectors[b * dims + d]!;
        pairs++;
      }
    }
  }
  return 1 - sum / pairs;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
