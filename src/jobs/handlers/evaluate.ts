import { type CatalogueStore, datasetFromStore } from "../../catalogue/mod.ts";
import { evaluate, featureImportance, fitBaselines, splitLast } from "../../evaluation/mod.ts";
import type { Runtime } from "../../onnx/mod.ts";
import { createRuntimeProduct } from "../../onnx/mod.ts";
import type { LoadedModel, ModelVersion, VersionStore } from "../../registry/mod.ts";
import { createTowerScorer } from "../../towers/mod.ts";
import type { JobHandler } from "../worker.ts";

/** What {@link createEvaluate} works with. */
export interface EvaluateDeps {
  readonly store: CatalogueStore;
  readonly versions: VersionStore;
  readonly runtime: Runtime;
  /** Opens a version; it is closed again. */
  readonly open: (version: ModelVersion) => Promise<LoadedModel>;
}

/**
 * The job `evaluate`: how well the active version finds the last like of every viewer, beside popularity. Of a version
 * that was trained on those likes it says too much; the versions that `retrain` makes were not. With the payload
 * `{"importance": true}` the importance of each feature is measured by the likes before those, and kept with the version.
 *
 * @param deps Stores, and how to open a version.
 * @returns The handler; its record holds the metrics.
 */
export function createEvaluate({ store, versions, runtime, open }: EvaluateDeps): JobHandler {
  return {
    concurrency: 1,
    run: async ({ job, signal }) => {
      const active = await versions.active();
      if (active === undefined) return { reason: "no version is active" };
      const split = splitLast(await datasetFromStore(store));
      if (split.test.people.length === 0) return { reason: "nobody has three likes yet" };
      const { towers, close } = await open(active);
      const product = await createRuntimeProduct(runtime);
      try {
        const scorer = await createTowerScorer(towers, { runtime, items: split.items, name: "active" });
        const baselines = await fitBaselines(split, { names: ["popularity"], product, signal });
        const { models } = await evaluate(split, [scorer], { baselines, signal, ks: [10] });
        await scorer.close();
        if (job.payload["importance"] === true) {
          const set = split.validation;
          const { features } = await featureImportance(towers, { set, items: split.items, runtime, signal });
          await versions.putImportance(active.version, features);
        }
        const [ours, popular] = models;
        return {
          modelVersion: active.version,
          counts: {
            viewers: split.test.people.length,
            "ndcg@10": ours!.metrics["ndcg@10"]!,
            "coverage@10": ours!.metrics["coverage@10"]!,
            "popularity ndcg@10": popular!.metrics["ndcg@10"]!,
          },
        };
      } finally {
        await product.close();
        await close();
      }
    },
  };
}
