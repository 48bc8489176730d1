import { expect, test } from "vitest";
import { testNow, tinyCatalogue, tinySequenceModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import { readBundle } from "./bundle.ts";
import { compareRuntimes, onRuntime } from "./compare-runtimes.ts";
import { exportOnnx } from "./export-onnx.ts";
import { canExportTfjs, exportTfjs } from "./export-tfjs.ts";
import { importTowers } from "./import-towers.ts";
import { loadModel } from "./load-model.ts";

test("towers over a sequence are registered, verified on every runtime that reads ONNX, exported and loaded", async () => {
  const { deployer, blobs, runtime } = tinyWorld();
  const { model, dataset } = tinySequenceModel();
  const { version } = await deployer.register(model, { dataset });
  const bundle = await readBundle(blobs, version);
  const openers = [onRuntime(await createOrtRuntime({ threads: 1 })), onRuntime(createPortableRuntime())];
  expect((await compareRuntimes(bundle, openers)).agree).toBe(true);
  const inputs = JSON.parse(new TextDecoder().decode(exportOnnx(bundle)["inputs.json"]));
  expect(inputs.user.sequence).toMatchObject({ name: "sequence", steps: 101 });
  expect(inputs.item.sequence).toBeUndefined();

  const loaded = await loadModel({ runtime, blobs }, version);
  const { items, people, events } = tinyCatalogue();
  const known = new Map(items.map((item) => [item.id, item]));
  const history = (id: string) => ({
    person: people[0]!,
    items: known,
    events: events.filter(({ personId }) => personId === id),
  });
  const [busy, idle] = [history("p00"), history("p10")];
  const vectors = await loaded.towers.embedHistories([busy, idle], { asOf: testNow });
  for (const vector of [vectors.subarray(0, 16), vectors.subarray(16)]) {
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  }
  const turned = {
    ...busy,
    events: busy.events.map((event, e, all) => ({ ...event, at: all.at(-1 - e)!.at })),
  };
  expect(await loaded.towers.embedHistories([turned], { asOf: testNow })).not.toEqual(vectors.slice(0, 16));
  expect(loaded.towers.historyEvents).toBe(100);
  await loaded.close();
});

test("who cannot read a sequence says so", async () => {
  const { deployer, blobs, runtime } = tinyWorld();
  const { model, dataset } = tinySequenceModel();
  const { version } = await deployer.register(model, { dataset });
  const bundle = await readBundle(blobs, version);
  expect(canExportTfjs(bundle)).toBe(false);
  expect(() => exportTfjs(bundle)).toThrow("without a sequence");
  const { features, userOnnx, itemOnnx } = model;
  const options = { features, items: dataset.items, runtime, asOf: testNow };
  await expect(importTowers({ userOnnx, itemOnnx }, options)).rejects.toThrow(
    "over a schema with a sequence",
  );
});
