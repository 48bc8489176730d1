import type { BlobStore } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { type FeatureSchemaInput, fitFeatures } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { createTrainer, type ValidationSet } from "../training/mod.ts";
import { estimateTrainingBytes } from "./trial-memory.ts";
import type { TrialTrainer } from "./trial-trainer.ts";

/** Options of {@link createTrialTrainer}. */
export interface TrialTrainerOptions {
  readonly runtime: Runtime;
  /** Of this study alone: each trial has a folder in it. */
  readonly checkpoints: BlobStore;
  /** What is trained on; nobody of the validation set is in it. */
  readonly dataset: Dataset;
  readonly schema: FeatureSchemaInput;
  /** Whom trials are compared on. @default a share of the viewers is held out, the same in every trial */
  readonly validation?: ValidationSet;
}

/**
 * Trials that are trained as any model is: same loop, same validation, same checkpoints. A trial that went from rung to
 * rung has what training without a pause has, bit for bit on the same machine.
 *
 * @param options Data and where to compute.
 * @returns What {@link runStudy} needs.
 */
export function createTrialTrainer(options: TrialTrainerOptions): TrialTrainer {
  const { runtime, dataset, schema, validation } = options;
  const data = { dataset, features: fitFeatures(schema, dataset) };
  const folderOf = (trial: number): string => `trial-${trial}/`;
  return {
    memoryOf: (settings) => estimateTrainingBytes(settings, data),
    train: async ({ number, settings }, { epochs, signal }) => {
      const checkpoints = within(options.checkpoints, folderOf(number));
      const { curves, finished } = await createTrainer({ runtime, checkpoints }).fit(dataset, {
        schema,
        ...settings,
        ...(validation === undefined ? {} : { validation }),
        pauseAfter: epochs,
        signal,
      });
      const curve = curves.flatMap(({ epoch, ndcg }) => (ndcg === undefined ? [] : [{ epoch, ndcg }]));
      if (curve.length === 0) {
        throw new TypeError(
          "Cannot compare trials as somebody must be left to validate on: more viewers with three likes are needed",
        );
      }
      return { curve, finished };
    },
    forget: (trial) => options.checkpoints.remove(folderOf(trial)),
  };
}

function within(blobs: BlobStore, folder: string): BlobStore {
  return {
    read: (path) => blobs.read(folder + path),
    write: (path, bytes) => blobs.write(folder + path, bytes),
    list: async (prefix) => (await blobs.list(folder + prefix)).map((path) => path.slice(folder.length)),
    remove: (prefix) => blobs.remove(folder + prefix),
  };
}
