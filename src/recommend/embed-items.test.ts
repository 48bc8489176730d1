import { expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createInferenceEngine } from "./inference-engine.ts";

test("embedItems() stores the vectors of what can be shown, and names the rest", async () => {
  const world = tinyWorld();
  const engine = createInferenceEngine({ ...world, refreshMs: 0 });
  await expect(engine.embedItems(["v01"])).rejects.toMatchObject({ code: "model_missing" });
  const version = await world.deploy(1);
  const before = await world.vectors.itemHashes(version);
  await world.store.putItems([{ id: "new", title: "harbour at dawn", fields: { genres: ["harbour"] } }]);
  await world.store.setWithdrawn("v02", true);
  const done = await engine.embedItems(["new", "v01", "v02", "v99", "new"]);
  expect(done).toEqual({ version, embedded: 2, left: ["v02", "v99"] });
  expect([...(await world.vectors.itemHashes(version)).keys()].sort()).toEqual(
    [...before.keys(), "new"].sort(),
  );
  expect(await engine.embedItems([])).toEqual({ version, embedded: 0, left: [] });
});

test("storePersonVector() takes a proof of age in the place of a profile's", async () => {
  const world = tinyWorld();
  const engine = createInferenceEngine({ ...world, refreshMs: 0 });
  await world.deploy(1);
  await expect(engine.storePersonVector("p11")).rejects.toMatchObject({ code: "age_not_confirmed" });
  expect((await engine.storePersonVector("p11", { ageConfirmed: true })).version).toMatch(/^2026/);
});
