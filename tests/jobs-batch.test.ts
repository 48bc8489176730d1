import { expect, test } from "vitest";
import type { Item } from "../src/catalogue/mod.ts";
import { embedCatalogue } from "../src/embeddings/mod.ts";
import {
  createEmbedChanged,
  createEvaluate,
  createMemoryJobQueue,
  createPrune,
  type JobHandler,
} from "../src/jobs/mod.ts";
import { loadModel, type ModelVersion } from "../src/registry/mod.ts";
import { tinyModel } from "./tiny-model.ts";
import { tinyWorld } from "./tiny-world.ts";

function run(handler: JobHandler, signal = new AbortController().signal) {
  const job = { id: "1", attempt: 1, kind: "k", payload: {}, last: false, waitedMs: 0 };
  return handler.run({ job, signal });
}

function world() {
  const tiny = tinyWorld();
  const open = ({ version, manifestHash }: ModelVersion) =>
    loadModel({ runtime: tiny.runtime, blobs: tiny.blobs }, version, { manifestHash });
  return { ...tiny, open };
}

test("[JB13] embed-changed embeds what is new and what has changed under the active version, and nothing twice", async () => {
  const { store, vectors, versions, clock, deploy, deployer, open } = world();
  const handler = createEmbedChanged({ store, vectors, versions, open, clock });
  expect(await run(handler)).toEqual({ reason: "no version is active" });
  const version = await deploy(1);
  expect(await run(handler)).toMatchObject({
    modelVersion: version,
    counts: { videos: 0, videosUnchanged: 60, viewers: 11 },
  });
  const items: Item[] = [];
  for await (const page of store.items({ pageSize: 60 })) items.push(...page);
  const [first] = items;
  await store.putBatch({
    items: [
      { ...first!, title: "Another title", fields: { price: 1 } },
      { id: "new", title: "New", fields: {} },
    ],
  });
  expect(await run(handler)).toMatchObject({ counts: { videos: 2, videosUnchanged: 59, viewers: 0 } });
  expect(await run(handler)).toMatchObject({ counts: { videos: 0, videosUnchanged: 61, viewers: 0 } });
  expect((await vectors.itemHashes(version)).has("new")).toBe(true);
  // A version that is being deployed has vectors already, and must not miss what came after them.
  clock.time += 1000;
  const { model, dataset } = tinyModel(2);
  const deploying = await deployer.register(model, { dataset });
  expect(await run(handler)).toMatchObject({ counts: { videos: 0 } });
  const { towers } = await open(deploying);
  await embedCatalogue({ towers, version: deploying.version, store, vectors });
  await store.putBatch({ items: [{ id: "newer", title: "Newer", fields: {} }] });
  expect(await run(handler)).toMatchObject({ modelVersion: version, counts: { videos: 2 } });
  expect((await vectors.itemHashes(deploying.version)).has("newer")).toBe(true);
  await store.putBatch({ items: [{ id: "newest", title: "Newest", fields: {} }] });
  await expect(run(handler, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
});

test("evaluate records figures of the active version beside popularity", async () => {
  const { store, versions, runtime, deploy, open } = world();
  const handler = createEvaluate({ store, versions, runtime, open });
  expect(await run(handler)).toEqual({ reason: "no version is active" });
  const version = await deploy(1);
  const { modelVersion, counts } = (await run(handler))!;
  expect(modelVersion).toBe(version);
  expect(counts!["viewers"]).toBeGreaterThan(5);
  for (const name of ["ndcg@10", "popularity ndcg@10", "coverage@10"]) {
    expect(counts![name]).toBeGreaterThanOrEqual(0);
    expect(counts![name]).toBeLessThanOrEqual(1);
  }
});

test("prune removes versions beyond those that are kept, and old job history", async () => {
  const { versions, clock, deploy, deployer } = world();
  for (const seed of [1, 2]) await deploy(seed);
  for (const seed of [3, 4, 5]) {
    const { model, dataset } = tinyModel(seed);
    await deployer.register(model, { dataset });
  }
  const queue = createMemoryJobQueue({ clock });
  await queue.enqueue([{ kind: "count" }]);
  const [job] = await queue.claim({ kinds: [{ kind: "count" }], limit: 1, visibilityMs: 1, worker: "w" });
  await queue.finish([job!]);
  const handler = createPrune({ deployer, queue, clock });
  // Three are kept, the active and the previous one among them.
  expect(await run(handler)).toEqual({ counts: { versions: 2, jobs: 0 } });
  expect((await versions.list()).filter(({ status }) => status !== "candidate")).toHaveLength(2);
  clock.time += 31 * 86_400_000;
  expect(await run(handler)).toEqual({ counts: { versions: 0, jobs: 1 } });
});
