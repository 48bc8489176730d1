import { type Split, trainingValidation } from "../evaluation/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { createTowerScorer, loadTowers, type TowerScorer, type Towers } from "../towers/mod.ts";
import { createTrainer, type TrainedModel } from "../training/mod.ts";
import type { ModelSettings } from "../tuning/mod.ts";
import type { CliContext } from "./context.ts";
import { readFeatureSchema } from "./feature-schema.ts";

/** Options of {@link fitEvaluatedTowers}. */
export interface EvaluatedTowersOptions {
  readonly context: CliContext;
  readonly runtime: Runtime;
  readonly schema: string;
  /** Their seed is the split's. */
  readonly settings: ModelSettings;
}

/** Towers that were trained on a split, as one more scorer. */
export interface EvaluatedTowers {
  readonly model: TrainedModel;
  readonly towers: Towers;
  readonly scorer: TowerScorer;
  /** Frees the towers. */
  close(): Promise<void>;
}

/**
 * Trains towers on the training part of a split, chooses the epoch by its validation part, and loads them as they would
 * be served.
 *
 * @param split What to train on; its test part is not touched.
 * @param options Settings, schema and where to compute.
 * @returns The towers.
 */
export async function fitEvaluatedTowers(
  split: Split,
  options: EvaluatedTowersOptions,
): Promise<EvaluatedTowers> {
  const { context, runtime, settings } = options;
  const { progress, signal } = context;
  const schema = await readFeatureSchema(options.schema, settings.towers.preset);
  const validation = trainingValidation(split);
  const model = await createTrainer({ runtime, progress, clock: Date }).fit(split.train, {
    schema,
    towers: settings.towers,
    training: { ...settings.training, seed: split.seed },
    ...(validation === undefined ? {} : { validation }),
    signal,
  });
  const { userOnnx, itemOnnx, features } = model;
  const towers = await loadTowers(runtime, { userOnnx, itemOnnx, features });
  const scorer = await createTowerScorer(towers, { runtime, items: split.items, name: "two-tower" });
  return {
    model,
    towers,
    scorer,
    close: async () => {
      await scorer.close();
      await towers.close();
    },
  };
}
