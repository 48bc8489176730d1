import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { buildDataset, generateDemo } from "../src/catalogue/mod.ts";
import {
  type EvaluationSet,
  meanNdcg,
  type Scorer,
  splitStrong,
  trainingValidation,
} from "../src/evaluation/mod.ts";
import { createTowerScorer, loadTowers } from "../src/towers/mod.ts";
import { createTrainer, type FitOptions } from "../src/training/mod.ts";

/**
 * Trains on the demo catalogue, a tenth of the viewers held out for validation and a tenth for test.
 *
 * @param options Features, towers and training.
 * @returns What was trained and what it is measured with; close it when done.
 */
export async function trainOnDemo(options: Pick<FitOptions, "schema" | "towers" | "training">) {
  const split = splitStrong(buildDataset(generateDemo()).dataset, { seed: 42 });
  const { items, train, test } = split;
  const runtime = await createOrtRuntime();
  const validation = trainingValidation(split);
  const model = await createTrainer({ runtime }).fit(train, {
    ...options,
    ...(validation === undefined ? {} : { validation }),
  });
  const towers = await loadTowers(runtime, model);
  const scorer = await createTowerScorer(towers, { runtime, items });
  return {
    ...{ split, items, runtime, model, towers, scorer },
    /** The viewers that were held out, by what for. */
    parts: { ...(split.validation && { validation: split.validation }), test },
    /** NDCG@10, to four digits. */
    ndcg: async (of: Scorer, set: EvaluationSet): Promise<number> =>
      Math.round(1e4 * (await meanNdcg(of, set, { itemCount: items.length, k: 10 }))) / 1e4,
    close: async (): Promise<void> => {
      await scorer.close();
      await towers.close();
    },
  };
}
