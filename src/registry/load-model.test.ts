import { expect, test } from "vitest";
import { tinyModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import type { BlobStore } from "../base/mod.ts";
import { loadItemModel } from "./load-item-model.ts";
import { loadModel } from "./load-model.ts";

async function world() {
  const { deployer, blobs, runtime } = tinyWorld();
  const { model, dataset } = tinyModel();
  const { version } = await deployer.register(model, { dataset });
  const paths: string[] = [];
  const watched: BlobStore = {
    ...blobs,
    read: (path) => {
      paths.push(path.split("/").at(-1)!);
      return blobs.read(path);
    },
  };
  const golden = JSON.parse(new TextDecoder().decode(await blobs.read(`models/${version}/golden.json`))) as {
    items: [];
    itemVectors: number[][];
  };
  return {
    blobs,
    paths,
    golden,
    version,
    source: { runtime, blobs: watched, itemTower: "when_asked" } as const,
  };
}

test("[ED3] told so, it leaves the item tower alone until an item is embedded", async () => {
  const { source, version, paths, golden } = await world();
  const { towers, close } = await loadModel(source, version);
  await towers.embedHistories([], { asOf: 0 });
  expect(paths).not.toContain("item_tower.onnx");
  const [first, second] = await Promise.all([
    towers.embedItems(golden.items),
    towers.embedItems(golden.items),
  ]);
  expect(first).toEqual(Float32Array.from(golden.itemVectors.flat()));
  expect(second).toEqual(first);
  expect(paths.filter((path) => path === "item_tower.onnx")).toHaveLength(1);
  await close();
});

test("an item tower that is damaged is found when it is asked for, and opens once it is mended", async () => {
  const { source, version, blobs, golden } = await world();
  const path = `models/${version}/item_tower.onnx`;
  const whole = (await blobs.read(path))!;
  await blobs.write(path, whole.with(40, 1 ^ whole[40]!));
  const { towers, close } = await loadModel(source, version);
  await expect(towers.embedItems(golden.items)).rejects.toMatchObject({ code: "bundle_corrupt" });
  await blobs.write(path, whole);
  expect(await towers.embedItems(golden.items)).toHaveLength(golden.items.length * 16);
  await close();
});

test("items that come out otherwise than recorded are not embedded", async () => {
  const { source, version, blobs } = await world();
  const path = `models/${version}/golden.json`;
  const golden = JSON.parse(new TextDecoder().decode(await blobs.read(path))) as { itemVectors: number[][] };
  golden.itemVectors[3]![0]! += 0.01;
  const bytes = new TextEncoder().encode(JSON.stringify(golden));
  const manifestPath = `models/${version}/manifest.json`;
  const manifest = JSON.parse(new TextDecoder().decode(await blobs.read(manifestPath)));
  const sha256 = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  manifest.files["golden.json"] = { sha256, bytes: bytes.length };
  await blobs.write(path, bytes);
  await blobs.write(manifestPath, new TextEncoder().encode(JSON.stringify(manifest)));
  const { towers } = await loadModel(source, version);
  await expect(towers.embedItems([])).rejects.toMatchObject({ code: "parity_failed" });
});

test.each([
  { itemTower: "at_once", read: "again, as nobody keeps its bytes", readingsAfter: 2 },
  { itemTower: "when_asked", read: "from the bytes that are there", readingsAfter: 1 },
] as const)("what takes scores apart is opened once, by the first that asks: $read", async (given) => {
  const { itemTower, readingsAfter } = given;
  const { source, version, paths, golden } = await world();
  const model = await loadModel({ ...source, itemTower }, version);
  const readings = () => paths.filter((path) => path === "user_tower.onnx").length;
  expect(readings()).toBe(1);
  const [explainer, same] = await Promise.all([model.explainer(), model.explainer()]);
  expect(same).toBe(explainer);
  expect(readings()).toBe(readingsAfter);
  const { userLayout } = model.towers.features;
  const nothing = { offsets: new Int32Array(2), indices: new Int32Array(0), weights: new Float32Array(0) };
  const nobody = {
    rows: 1,
    dense: new Float32Array(userLayout.denseWidth),
    bags: Object.fromEntries(userLayout.bags.map(({ name }) => [name, nothing])),
  };
  const [parts] = await explainer.explain(nobody, [Float32Array.from(golden.itemVectors[0]!)]);
  expect(parts!.score).toBeCloseTo(parts!.baseline + parts!.popularity, 6);
  await model.close();
});

test("scores of towers that were made elsewhere are not taken apart", async () => {
  const { deployer, blobs, runtime } = tinyWorld();
  const { model, dataset } = tinyModel();
  const towerConfig = { kind: "imported_towers", preset: "imported" } as unknown as typeof model.towerConfig;
  const { version } = await deployer.register({ ...model, towerConfig }, { dataset });
  const loaded = await loadModel({ runtime, blobs }, version);
  await expect(loaded.explainer()).rejects.toMatchObject({ code: "model_unsupported" });
  await loaded.close();
});

test("the item tower opens alone, and is held to what was recorded", async () => {
  const { source, blobs, version, paths, golden } = await world();
  const { towers, close } = await loadItemModel(source, version);
  expect(towers.dims).toBe(golden.itemVectors[0]!.length);
  expect(await towers.embedItems(golden.items)).toEqual(Float32Array.from(golden.itemVectors.flat()));
  expect(paths).not.toContain("user_tower.onnx");
  await close();
  const path = `models/${version}/item_tower.onnx`;
  const bytes = Uint8Array.from((await blobs.read(path))!);
  bytes[bytes.length >> 1]! ^= 1;
  await blobs.write(path, bytes);
  await expect(loadItemModel(source, version)).rejects.toMatchObject({ code: "bundle_corrupt" });
});
