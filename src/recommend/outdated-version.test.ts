import { expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createMemoryVersionStore } from "../registry/mod.ts";
import { createInferenceEngine } from "./inference-engine.ts";

// A bundle that does not come keeps its reader waiting: so it is seen who waits for it.
function world() {
  const { store, vectors, people, clock } = tinyWorld();
  const versions = createMemoryVersionStore({ clock });
  const own = tinyWorld({ store, vectors, people, versions });
  let held: Promise<void> = Promise.resolve();
  const blobs = { ...own.blobs, read: (path: string) => held.then(() => own.blobs.read(path)) };
  const { runtime, deploy } = own;
  const engine = createInferenceEngine({ store, vectors, versions, blobs, runtime, clock });
  /** Nothing can be read until what is returned is called. */
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { engine, clock, hold, deploy, vectors };
}

test("[RC12] a version that was just replaced answers until the next one is open", async () => {
  const { engine, clock, hold, deploy } = world();
  const first = await deploy(1);
  await engine.refresh();
  const second = await deploy(2);
  const letGo = hold();
  clock.time += 2000;
  expect((await engine.recommend("p00")).modelVersion).toBe(first);
  letGo();
  await engine.refresh();
  expect((await engine.recommend("p00")).modelVersion).toBe(second);
});

test("[RC12] an instance that slept through a promotion does not answer from what may be gone", async () => {
  const { engine, clock, hold, deploy, vectors } = world();
  const first = await deploy(1);
  await engine.refresh();
  const second = await deploy(2);
  clock.time += 3_600_000;
  await vectors.dropPartition(first);
  const letGo = hold();
  const answering = engine.recommend("p00");
  letGo();
  expect(await answering).toMatchObject({ modelVersion: second, source: "two_tower" });
});

test("refresh() waits for the version that is active when it is called, not for one that is being opened", async () => {
  const { engine, clock, hold, deploy } = world();
  await deploy(1);
  await engine.refresh();
  await deploy(2);
  const letGo = hold();
  clock.time += 2000;
  await engine.recommend("p00");
  const third = await deploy(3);
  const refreshed = engine.refresh();
  letGo();
  await refreshed;
  expect((await engine.status()).version).toBe(third);
});
