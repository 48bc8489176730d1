import { expect, test } from "vitest";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type BlobStore, createMemoryBlobStore } from "../src/base/mod.ts";
import { buildDataset } from "../src/catalogue/mod.ts";
import { videoSchema } from "../src/features/mod.ts";
import { createDeployer, createMemoryVersionStore } from "../src/registry/mod.ts";
import { createTrainer } from "../src/training/mod.ts";
import { testNow, tinyCatalogue } from "./tiny-model.ts";

test("no checkpoint and no file of a trained bundle holds a viewer's id", async () => {
  const { items, people, events } = tinyCatalogue();
  const named = (id: string): string => `viewer-by-this-name-${id}`;
  const { dataset } = buildDataset({
    items,
    people: people.map((person) => ({ ...person, id: named(person.id) })),
    events: events.map((event) => ({ ...event, personId: named(event.personId) })),
  });
  const written: { path: string; bytes: Uint8Array }[] = [];
  const memory = createMemoryBlobStore();
  const blobs: BlobStore = {
    ...memory,
    write: (path, bytes) => {
      written.push({ path, bytes: bytes.slice() });
      return memory.write(path, bytes);
    },
  };
  const runtime = await createOrtRuntime({ threads: 1 });
  const clock = { now: () => testNow };
  const model = await createTrainer({ runtime, checkpoints: blobs }).fit(dataset, {
    schema: videoSchema,
    towers: { preset: "lite", dims: 16, hidden: [8] },
    training: { epochs: 2, batchUsers: 4, checkpointSteps: 1 },
  });
  const checkpoints = written.length;
  expect(checkpoints).toBeGreaterThan(0);
  const deployer = createDeployer({ blobs, versions: createMemoryVersionStore(), runtime, clock });
  await deployer.register(model, { dataset });
  expect(written.slice(checkpoints).map(({ path }) => path.split("/").at(-1))).toEqual(
    expect.arrayContaining(["golden.json", "features.json", "fallback.json", "manifest.json"]),
  );
  for (const { path, bytes } of written) {
    expect(Buffer.from(bytes).includes("viewer-by-this-name"), path).toBe(false);
  }
});
