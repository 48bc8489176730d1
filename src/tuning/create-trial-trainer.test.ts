import { expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { type BlobStore, createMemoryBlobStore } from "../base/mod.ts";
import { splitBy, trainingValidation } from "../evaluation/mod.ts";
import { checkerboard } from "../evaluation/test-data.conformance.ts";
import { parseFeatureSchema } from "../features/mod.ts";
import { createTrainer } from "../training/mod.ts";
import { createTrialTrainer } from "./create-trial-trainer.ts";
import { createMemoryStudyStore } from "./memory-study-store.ts";
import { type RunStudyOptions, runStudy } from "./run-study.ts";
import { parseSearchSpace } from "./search-space.ts";
import { planStudy } from "./study.ts";
import type { StudyStore } from "./study-store.ts";

const runtime = await createOrtRuntime({ threads: 1 });
const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "planted",
  version: 1,
  item: [{ kind: "id", name: "id" }],
  user: [{ kind: "history", name: "history" }],
});
const split = splitBy(checkerboard({ people: 120, items: 30, share: 0.4 }), "strong");
const validation = trainingValidation(split)!;
const plan = planStudy({
  data: split.hash,
  base: {
    towers: { preset: "lite", dims: 18, hidden: [16], historyDropout: 0.2 },
    training: { epochs: 4, validateEvery: 1, warmupSteps: 2, checkpointSteps: 2, schedule: "cosine" },
  },
  space: parseSearchSpace({
    kind: "search_space",
    training: { learningRate: { kind: "log_uniform", from: 0.001, to: 0.05 } },
  }),
  minEpochs: 1,
  reduction: 2,
});

function study(store: StudyStore, checkpoints: BlobStore, trials = 4): RunStudyOptions {
  const trainer = createTrialTrainer({ runtime, checkpoints, dataset: split.train, schema, validation });
  return { store, trainer, plan, trials, clock: { now: () => 0 } };
}

test("[TU7] killed between two checkpoints, a study of real trainings ends with the figures that training without a pause has", async () => {
  const store = createMemoryStudyStore();
  const blobs = createMemoryBlobStore();
  // What a process leaves that is killed just after it wrote its n-th checkpoint.
  const left: { readonly store: StudyStore; readonly blobs: BlobStore }[] = [];
  let writes = 0;
  const checkpoints: BlobStore = {
    ...blobs,
    write: async (path, bytes) => {
      await blobs.write(path, bytes);
      writes++;
      if (writes === 3 || writes === 14) left.push(await copyOf(store, blobs));
    },
  };
  const whole = await runStudy("first", study(store, checkpoints));
  expect(whole.complete).toBe(true);
  expect(await blobs.list("")).toEqual([]);

  const { best } = whole;
  expect(best!.scores.length).toBe(plan.rungs.length);
  const alone = await createTrainer({ runtime }).fit(split.train, { schema, ...best!.settings, validation });
  expect(best!.curve).toEqual(alone.curves.map(({ epoch, ndcg }) => ({ epoch, ndcg })));

  expect(left.length).toBe(2);
  for (const each of left) {
    const running = (await each.store.trials("first")).filter(({ state }) => state === "running");
    expect(running.length).toBe(1);
    const resumed = await runStudy("first", study(each.store, each.blobs));
    expect(resumed.trials).toEqual(whole.trials);
  }
});

test("checkpoints of trials that can never be promoted are gone before the study ends", async () => {
  const store = createMemoryStudyStore();
  const blobs = createMemoryBlobStore();
  const most: number[] = [];
  const options = study(store, blobs, 6);
  await runStudy("first", {
    ...options,
    heard: async () => most.push((await blobs.list("")).length),
  });
  // Of 6 trials 3 may go on from the first rung; one more is there while it is looked at.
  expect(Math.max(...most)).toBeLessThanOrEqual(4);
});

test("what a trial takes grows with its width and its batch, and is refused where settings do not fit", () => {
  const { trainer } = study(createMemoryStudyStore(), createMemoryBlobStore());
  const bytes = (towers: object, training: object = {}): number =>
    trainer.memoryOf({ towers: { preset: "lite", ...towers }, training });
  const [narrow, wide] = [bytes({ dims: 64 }), bytes({ dims: 768 })];
  expect(wide).toBeGreaterThan(narrow);
  expect(bytes({}, { batchUsers: 64 })).toBeGreaterThan(bytes({}, { batchUsers: 16 }));
  // Two tables of the items, each `dims - 2` wide, ten times in memory.
  const tables = split.train.items.length * 2 * (766 - 62) * 10 * 4;
  expect(wide - narrow).toBeGreaterThan(tables);
  expect(() => bytes({ dims: 4 })).toThrow(RangeError);
});

/** Stores with what these hold now. */
async function copyOf(store: StudyStore, blobs: BlobStore) {
  const copies = { store: createMemoryStudyStore(), blobs: createMemoryBlobStore() };
  await copies.store.begin("first", plan);
  for (const trial of await store.trials("first")) await copies.store.save("first", trial);
  for (const path of await blobs.list("")) await copies.blobs.write(path, (await blobs.read(path))!);
  return copies;
}
