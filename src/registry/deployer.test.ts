import { describe, expect, test } from "vitest";
import { tinyModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import type { BlobStore } from "../base/mod.ts";
import { readBundle } from "./bundle.ts";
import { loadModel } from "./load-model.ts";

describe("createDeployer", () => {
  test("register() writes a whole bundle and a candidate row with its hash", async () => {
    const { deployer, blobs, versions } = tinyWorld();
    const { model, dataset } = tinyModel();
    const row = await deployer.register(model, {
      dataset,
      description: "first",
      metrics: { "ndcg@10": 0.4 },
    });
    expect(row).toMatchObject({ version: "2026.11.20-1", status: "candidate", dims: 16, preset: "lite" });
    expect(await blobs.list("")).toEqual(
      [
        "fallback.json",
        "features.json",
        "golden.json",
        "item_tower.onnx",
        "manifest.json",
        "user_tower.onnx",
      ].map((file) => `models/2026.11.20-1/${file}`),
    );
    const bundle = await readBundle(blobs, row.version, { manifestHash: row.manifestHash });
    expect(bundle.manifest).toMatchObject({
      description: "first",
      parent: null,
      metrics: { "ndcg@10": 0.4 },
    });
    expect(bundle.manifest.dataWindow).toMatchObject({
      items: 60,
      people: 12,
      events: dataset.events.at.length,
    });
    expect(await versions.active()).toBeUndefined();
  });

  test("the same towers again are the same version, also where the row was not written any more", async () => {
    const { deployer, blobs, versions } = tinyWorld();
    const { model, dataset } = tinyModel();
    const first = await deployer.register(model, { dataset });
    expect(await deployer.register(model, { dataset })).toEqual(first);
    await versions.remove(first.version);
    expect(await deployer.register(model, { dataset })).toEqual(first);
    await damage(blobs, `models/${first.version}/user_tower.onnx`);
    expect((await deployer.register(model, { dataset })).version).toBe("2026.11.20-2");
  });

  test("a bundle names no person it was trained on", async () => {
    const { deployer, blobs } = tinyWorld();
    const { model, dataset } = tinyModel();
    await deployer.register(model, { dataset });
    for (const path of await blobs.list("")) {
      const bytes = await blobs.read(path);
      expect(new TextDecoder("latin1").decode(bytes), path).not.toMatch(/"p\d\d"/);
    }
  });

  test("promote() and rollBack() switch the active version, and names count up", async () => {
    const { deploy, deployer, versions } = tinyWorld();
    const first = await deploy(1);
    const second = await deploy(2);
    expect([first, second]).toEqual(["2026.11.20-1", "2026.11.20-2"]);
    expect((await versions.active())?.version).toBe(second);
    expect((await deployer.rollBack()).version).toBe(first);
    expect((await versions.active())?.version).toBe(first);
  });

  test("rollBack() says so where there is nothing to go back to", async () => {
    const { deploy, deployer } = tinyWorld();
    await deploy(1);
    await expect(deployer.rollBack()).rejects.toMatchObject({ code: "not_found" });
  });

  test("promote() keeps maxVersions versions and removes the bundles of the others", async () => {
    const { deploy, deployer, blobs } = tinyWorld();
    for (let seed = 1; seed <= 5; seed++) await deploy(seed);
    const kept = (await deployer.list()).map((row) => row.version);
    expect(kept).toEqual(["2026.11.20-5", "2026.11.20-4", "2026.11.20-3"]);
    expect(new Set((await blobs.list("models/")).map((path) => path.split("/")[1]))).toEqual(new Set(kept));
  });

  test("promote() refuses a damaged bundle and leaves the active version alone", async () => {
    const { deploy, deployer, blobs, versions } = tinyWorld();
    const first = await deploy(1);
    const { model, dataset } = tinyModel(2);
    const { version } = await deployer.register(model, { dataset });
    await damage(blobs, `models/${version}/item_tower.onnx`);
    await expect(deployer.promote(version)).rejects.toMatchObject({
      code: "bundle_corrupt",
      details: { file: "item_tower.onnx" },
    });
    expect((await versions.active())?.version).toBe(first);
  });
});

describe("loadModel", () => {
  test.each(["features.json", "user_tower.onnx", "fallback.json", "golden.json", "manifest.json"])(
    "names %s where a byte of it has changed",
    async (file) => {
      const { deploy, blobs, runtime, versions } = tinyWorld();
      const version = await deploy(1);
      const { manifestHash } = (await versions.get(version))!;
      await damage(blobs, `models/${version}/${file}`);
      await expect(loadModel({ runtime, blobs }, version, { manifestHash })).rejects.toMatchObject({
        code: "bundle_corrupt",
        details: { file },
      });
    },
  );

  test("tells a missing bundle from a missing file", async () => {
    const { deploy, blobs, runtime } = tinyWorld();
    const version = await deploy(1);
    await blobs.remove(`models/${version}/golden.json`);
    await expect(loadModel({ runtime, blobs }, version)).rejects.toMatchObject({ code: "bundle_corrupt" });
    await blobs.remove(`models/${version}/manifest.json`);
    await expect(loadModel({ runtime, blobs }, version)).rejects.toMatchObject({ code: "bundle_missing" });
  });

  test("refuses towers that answer other vectors than the recorded ones", async () => {
    const { deploy, blobs, runtime } = tinyWorld();
    const version = await deploy(1);
    const bundle = await readBundle(blobs, version);
    const { writeBundle } = await import("./bundle.ts");
    await writeBundle(blobs, { ...bundle, userOnnx: tinyModel(2).model.userOnnx });
    await expect(loadModel({ runtime, blobs }, version)).rejects.toMatchObject({ code: "parity_failed" });
  });
});

async function damage(blobs: BlobStore, path: string): Promise<void> {
  const bytes = (await blobs.read(path))!.slice();
  bytes[bytes.length >> 1]! ^= 1;
  await blobs.write(path, bytes);
}
