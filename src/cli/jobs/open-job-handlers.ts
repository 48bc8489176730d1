import { resolve } from "node:path";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { refreshPopularity } from "../../adapters/postgres/mod.ts";
import { FutagoError, silentProgress } from "../../base/mod.ts";
import { trainingValidation } from "../../evaluation/mod.ts";
import { videoSchema } from "../../features/mod.ts";
import {
  createEmbedChanged,
  createEvaluate,
  createPrune,
  createRetrain,
  type JobHandler,
} from "../../jobs/mod.ts";
import { loadModel, type ModelVersion } from "../../registry/mod.ts";
import { createTrainer } from "../../training/mod.ts";
import type { CliContext } from "../context.ts";
import { runCheck } from "../doctor/check.ts";
import { vectorChecks } from "../doctor/vector-checks.ts";
import { openDeployer } from "../open-deployer.ts";
import type { Stores } from "../open-stores.ts";
import { registeredBundle } from "../registered-bundle.ts";
import { openDmmSource } from "../sync/open-sources.ts";
import { runSync } from "../sync/run-sync.ts";
import { headsLike, towersLike } from "../towers-like.ts";
import { readRetrainPayload } from "./read-retrain-payload.ts";

/**
 * What `futago jobs run` can do, by kind of job.
 *
 * @param context For progress; a job stops by its own signal.
 * @param stores What the jobs are about.
 * @returns The handlers.
 */
export async function openJobHandlers(
  context: CliContext,
  stores: Stores,
): Promise<Readonly<Record<string, JobHandler>>> {
  const { database, blobs } = stores;
  const { catalogue: store, vectors, versions, jobs: queue, connection } = database;
  const runtime = await createOrtRuntime();
  const deployer = await openDeployer(context, stores, { runtime });
  const clock = Date;
  const open = ({ version, manifestHash }: ModelVersion) =>
    loadModel({ runtime, blobs }, version, { manifestHash });
  const checkpoints = createFileBlobStore(resolve(context.home, "checkpoints"));
  return {
    // Where there are no credentials, such a job is left for a worker that has some.
    ...(context.env["DMM_API_ID"] ? { "sync-dmm": syncHandler(context, stores) } : {}),
    "embed-changed": createEmbedChanged({ store, vectors, versions, open, clock }),
    evaluate: createEvaluate({ store, versions, runtime, open }),
    retrain: createRetrain({
      store,
      versions,
      deployer,
      runtime,
      open,
      train: async (split, { parent, payload, signal }) => {
        const { training, warmStart } = readRetrainPayload(payload);
        const validation = trainingValidation(split);
        const bundle = parent && warmStart ? await registeredBundle(stores, parent.version) : undefined;
        return createTrainer({ runtime, checkpoints, clock }).fit(split.train, {
          schema: parent?.towers.features.schema ?? videoSchema,
          towers: parent === undefined ? { preset: "lite" } : towersLike(parent.manifest),
          training: { ...(parent && headsLike(parent.manifest)), ...training },
          ...(bundle === undefined ? {} : { warmStart: { parent: bundle, mismatch: "fresh" } }),
          ...(validation === undefined ? {} : { validation }),
          signal,
        });
      },
    }),
    "refresh-popularity": {
      concurrency: 1,
      run: async () => ({ counts: { changed: await refreshPopularity(connection) } }),
    },
    prune: createPrune({ deployer, queue, clock }),
    integrity: {
      concurrency: 1,
      run: async () => {
        const checks = vectorChecks({
          database,
          patiently: (work) => work(database),
          clock,
          blobs,
          indexFromRows: database.kind === "pglite" ? 200_000 : 10_000,
        });
        let [mended, wrong] = [0, 0];
        for (const check of checks) {
          const result = await runCheck(check, { fix: true });
          if (result.mended !== undefined) mended++;
          if (!result.ok) wrong++;
        }
        if (wrong > 0) {
          throw new FutagoError(
            "integrity_broken",
            `Cannot leave the vectors as they are as every check must pass: ${wrong} do not; run futago doctor --fix`,
          );
        }
        return { counts: { checks: checks.length, mended } };
      },
    },
  };
}

/** A sync with DMM; killed, the next one goes on where it was. */
function syncHandler(context: CliContext, stores: Stores): JobHandler {
  return {
    concurrency: 1,
    run: async ({ signal }) => {
      let summary = {};
      const quiet: CliContext = {
        ...context,
        signal,
        progress: silentProgress,
        say: () => {},
        result: (value) => {
          summary = value as object;
        },
      };
      const source = openDmmSource(quiet, stores, {});
      await runSync(source, { context: quiet, stores, mode: "auto", embed: true, allowWithdrawals: false });
      const counts = Object.entries(summary).filter((entry): entry is [string, number] =>
        Number.isFinite(entry[1]),
      );
      return { counts: Object.fromEntries(counts) };
    },
  };
}
