import { isFutagoError } from "../../base/mod.ts";
import { type CatalogueStore, datasetFromStore } from "../../catalogue/mod.ts";
import { type EvaluationReport, evaluate, type Split, splitLast } from "../../evaluation/mod.ts";
import type { Runtime } from "../../onnx/mod.ts";
import type {
  DeployableModel,
  Deployer,
  LoadedModel,
  ModelVersion,
  VersionStore,
} from "../../registry/mod.ts";
import { createTowerScorer, loadTowers } from "../../towers/mod.ts";
import type { TrainingStart } from "../../training/mod.ts";
import type { JobResult } from "../job-queue.ts";
import type { JobHandler } from "../worker.ts";
import { judgeRetrained, type RetrainGate } from "./retrain-gate.ts";

/** A new model, as `createTrainer` gives it. */
export interface RetrainedModel extends DeployableModel {
  /** From the parent's weights, or why not: kept in the run record. */
  readonly start?: TrainingStart;
}

/** How a model is to be trained. */
export interface RetrainOptions {
  /** The active version, where there is one. */
  readonly parent: LoadedModel | undefined;
  /** What the job was told. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** What {@link createRetrain} works with. */
export interface RetrainDeps {
  readonly store: CatalogueStore;
  readonly versions: VersionStore;
  readonly deployer: Pick<Deployer, "register" | "promote">;
  readonly runtime: Runtime;
  /** Opens a version; it is closed again. */
  readonly open: (version: ModelVersion) => Promise<LoadedModel>;
  /** Trains on the training part of a split. */
  readonly train: (split: Split, options: RetrainOptions) => Promise<RetrainedModel>;
  readonly gate?: RetrainGate;
}

/**
 * The job `retrain`: trains on everything but the last likes of every viewer, finds those with the new model and with
 * the active version, and deploys the new one where it is not worse beyond chance, covers the catalogue, is not too
 * large, and answers alike on every runtime. Otherwise the record says why not, and the active version stays.
 *
 * @param deps Stores, how to train and how to deploy.
 * @returns The handler.
 */
export function createRetrain(deps: RetrainDeps): JobHandler {
  const { store, versions, deployer, open, train, gate } = deps;
  return {
    concurrency: 1,
    run: async ({ job, signal }): Promise<JobResult> => {
      const active = await versions.active();
      const dataset = await datasetFromStore(store);
      const split = splitLast(dataset);
      const viewers = split.test.people.length;
      if (active !== undefined && viewers === 0) {
        return { reason: "refused: nobody has three likes, so that it could not be compared" };
      }
      const parent = active === undefined ? undefined : await open(active);
      try {
        const model = await train(split, { parent, payload: job.payload, signal });
        const report = await compare({ model, parent }, { ...deps, split, signal });
        const metrics = headline(report);
        const bytes = model.userOnnx.length + model.itemOnnx.length;
        const { start } = model;
        const counts = { viewers, bytes, ...carried(start), ...metrics };
        const reasons = judgeRetrained({ report, bytes }, gate);
        if (reasons.length > 0) return { counts, reason: `refused: ${reasons.join("; ")}` };
        const { version } = await deployer.register(model, { dataset, metrics, description: "retrained" });
        try {
          await deployer.promote(version);
        } catch (error) {
          // The parity gate: no use in trying the same towers again.
          if (!isFutagoError(error) || error.code !== "parity_failed") throw error;
          return { counts, reason: `refused: ${version} does not answer alike on every runtime` };
        }
        if (start?.kind !== "fresh" || start.reason === undefined) return { counts, modelVersion: version };
        return { counts, modelVersion: version, reason: `started from fresh weights: ${start.reason}` };
      } finally {
        await parent?.close();
      }
    },
  };
}

/** Of a warm start, the share of all table rows that began as the parent's. */
function carried(start: TrainingStart | undefined): Record<string, number> {
  return start?.kind === "warm" ? { "carried share": start.carriedRows / start.rows } : {};
}

/** Both on the same viewers, so that their difference is paired. */
async function compare(
  { model, parent }: { readonly model: DeployableModel; readonly parent: LoadedModel | undefined },
  {
    split,
    runtime,
    signal,
  }: Pick<RetrainDeps, "runtime"> & { readonly split: Split; readonly signal: AbortSignal },
): Promise<EvaluationReport> {
  const towers = await loadTowers(runtime, model);
  const scorer = await createTowerScorer(towers, { runtime, items: split.items, name: "new" });
  const active =
    parent && (await createTowerScorer(parent.towers, { runtime, items: split.items, name: "active" }));
  try {
    return await evaluate(split, [scorer], {
      baselines: active === undefined ? [] : [active],
      ks: [10],
      signal,
    });
  } finally {
    await active?.close();
    await scorer.close();
    await towers.close();
  }
}

/** What goes with the version and into the record. */
function headline({ models }: EvaluationReport): Record<string, number> {
  const own = models.find(({ name }) => name === "new")!.metrics;
  const active = models.find(({ name }) => name === "active")?.metrics;
  const found: Record<string, number> = {};
  for (const name of ["ndcg@10", "coverage@10"]) {
    // Of no viewers there is no mean.
    if (Number.isFinite(own[name])) found[name] = own[name]!;
    if (active !== undefined) found[`active ${name}`] = active[name]!;
  }
  return found;
}
