import { beforeAll, describe, expect, test } from "vitest";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import { createMemoryBlobStore } from "../../base/mod.ts";
import { createMemoryCatalogue, generateDemo } from "../../catalogue/mod.ts";
import type { EvaluationReport } from "../../evaluation/mod.ts";
import { videoSchema } from "../../features/mod.ts";
import type { Runtime, Tensors } from "../../onnx/mod.ts";
import {
  createDeployer,
  createMemoryVersionStore,
  loadModel,
  type ModelVersion,
} from "../../registry/mod.ts";
import { createTrainer, type TrainingOptions } from "../../training/mod.ts";
import type { JobResult } from "../job-queue.ts";
import { createRetrain } from "./retrain.ts";
import { judgeRetrained, type RetrainGate } from "./retrain-gate.ts";

describe("retraining, end to end on a small catalogue", () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createOrtRuntime();
  });

  // A version that has learned nothing is live; then one that has is trained, then one that has not again.
  test("[JB10] a better model goes live, and a worse one is refused with its reason", async () => {
    const store = createMemoryCatalogue(generateDemo({ seed: 1, items: 200, people: 200 }));
    const versions = createMemoryVersionStore();
    const blobs = createMemoryBlobStore();
    const deployer = createDeployer({ blobs, versions, runtime, clock: Date });
    const open = ({ version, manifestHash }: ModelVersion) =>
      loadModel({ runtime, blobs }, version, { manifestHash });
    const retrain = async (training: TrainingOptions, gate: RetrainGate = {}): Promise<JobResult> => {
      const handler = createRetrain({
        store,
        versions,
        deployer,
        runtime,
        open,
        gate,
        train: (split, { signal }) =>
          createTrainer({ runtime }).fit(split.train, {
            schema: videoSchema,
            towers: { preset: "lite", dims: 16 },
            training,
            validation: "none",
            signal,
          }),
      });
      const job = { id: "1", attempt: 1, kind: "retrain", payload: {}, last: false, waitedMs: 0 };
      return (await handler.run({ job, signal: new AbortController().signal }))!;
    };
    const nothing = { epochs: 1, learningRate: 1e-9 };
    const first = await retrain(nothing);
    expect(first.modelVersion).toBe((await versions.active())!.version);
    // What knows nothing shows everything: less must do.
    const better = await retrain({ epochs: 12 }, { minCoverage: 0.1 });
    expect(better.reason).toBeUndefined();
    const live = (await versions.active())!;
    expect(live.version).toBe(better.modelVersion);
    expect(live.version).not.toBe(first.modelVersion);
    expect(better.counts!["ndcg@10"]).toBeGreaterThan(better.counts!["active ndcg@10"]!);

    const worse = await retrain({ ...nothing, seed: 2 });
    expect(worse.modelVersion).toBeUndefined();
    expect(worse.reason).toMatch(
      /^refused: it is worse than the active version: ndcg@10 0\.\d+ instead of 0\.\d+/,
    );
    const large = await retrain({ epochs: 12 }, { maxBytes: 1000 });
    expect(large.reason).toMatch(/too large: \d+ of 1000 bytes/);
    expect((await versions.active())!.version).toBe(live.version);
    expect(await versions.list()).toHaveLength(2);
  }, 60_000);

  test("[JB10] a model that another runtime answers otherwise is refused, and not tried again", async () => {
    const store = createMemoryCatalogue(generateDemo({ seed: 1, items: 60, people: 40 }));
    const versions = createMemoryVersionStore();
    const blobs = createMemoryBlobStore();
    const unlike: Runtime = {
      name: "unlike",
      load: async (...asked) => {
        const session = await runtime.load(...asked);
        const { inputNames, outputNames } = session;
        const run = async (...given: Parameters<typeof session.run>) => {
          const { embedding } = await session.run(...given);
          return { embedding: { ...embedding!, data: embedding!.data.map((value) => -value) } } as Tensors;
        };
        return { inputNames, outputNames, run, close: () => session.close() };
      },
    };
    const deployer = createDeployer({ blobs, versions, runtime, gates: [unlike], clock: Date });
    const handler = createRetrain({
      ...{ store, versions, deployer, runtime },
      open: ({ version, manifestHash }) => loadModel({ runtime, blobs }, version, { manifestHash }),
      train: (split) =>
        createTrainer({ runtime }).fit(split.train, {
          schema: videoSchema,
          towers: { preset: "lite", dims: 8 },
          training: { epochs: 1 },
          validation: "none",
        }),
    });
    const job = { id: "1", attempt: 1, kind: "retrain", payload: {}, last: false, waitedMs: 0 };
    const { modelVersion, reason } = (await handler.run({ job, signal: new AbortController().signal }))!;
    expect(modelVersion).toBeUndefined();
    expect(reason).toMatch(/^refused: \S+ does not answer alike on every runtime$/);
    expect(await versions.active()).toBeUndefined();
  });
});

test("a difference that may be chance is none, and coverage must hold", () => {
  const report = (low: number, high: number, coverage: number) =>
    ({
      models: [
        { name: "new", metrics: { "ndcg@10": 0.2, "coverage@10": coverage } },
        { name: "active", metrics: { "ndcg@10": 0.21, "coverage@10": 0.5 } },
      ],
      differences: [{ model: "new", baseline: "active", metrics: { "ndcg@10": { mean: -0.01, low, high } } }],
    }) as unknown as EvaluationReport;
  expect(judgeRetrained({ report: report(-0.03, 0.01, 0.5), bytes: 1 })).toEqual([]);
  expect(judgeRetrained({ report: report(-0.03, -0.001, 0.5), bytes: 1 })).toEqual([
    "it is worse than the active version: ndcg@10 0.2000 instead of 0.2100, difference -0.0100 (95 %: -0.0300 to -0.0010)",
  ]);
  expect(judgeRetrained({ report: report(-0.03, 0.01, 0.24), bytes: 1 })).toEqual([
    "it shows less of the catalogue: coverage@10 0.240 instead of 0.500",
  ]);
});
