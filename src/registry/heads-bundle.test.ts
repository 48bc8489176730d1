import { expect, test } from "vitest";
import { tinyModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createMemoryBlobStore, sha256Hex } from "../base/mod.ts";
import type { ServedHeads } from "../towers/mod.ts";
import { readBundle, readHeads } from "./bundle.ts";
import { compareRuntimes, onRuntime } from "./compare-runtimes.ts";
import { exportOnnx } from "./export-onnx.ts";
import { loadModel } from "./load-model.ts";
import { filesOf, type Manifest } from "./manifest.ts";
import { publishBundle } from "./publish-bundle.ts";

const heads: ServedHeads = {
  kind: "served_heads",
  heads: {
    like: { weights: Array.from({ length: 16 }, (_, d) => Math.sin(d)), scale: 5, bias: 0.5 },
    nope: { weights: Array.from({ length: 16 }, (_, d) => -Math.cos(d)), scale: 7, bias: -1 },
  },
};

async function registered(of: ServedHeads | undefined) {
  const world = tinyWorld();
  const { model, dataset } = tinyModel();
  const { version, manifestHash } = await world.deployer.register({ ...model, heads: of }, { dataset });
  const path = (file: string): string => `models/${version}/${file}`;
  const json = async (file: string) =>
    JSON.parse(new TextDecoder().decode(await world.blobs.read(path(file))));
  /** Writes a file and what the manifest says of it, as if it had always been so. */
  const put = async (file: "heads.json" | "golden.json", content: object): Promise<void> => {
    const bytes = new TextEncoder().encode(JSON.stringify(content));
    const manifest = await json("manifest.json");
    manifest.files[file] = { sha256: sha256Hex(bytes), bytes: bytes.length };
    await world.blobs.write(path(file), bytes);
    await world.blobs.write(path("manifest.json"), new TextEncoder().encode(JSON.stringify(manifest)));
  };
  return { ...world, version, manifestHash, path, json, put, model, dataset };
}

test("[HD3] heads lie in the bundle, and what they gave is recorded and compared on every runtime", async () => {
  const { blobs, runtime, version } = await registered(heads);
  const bundle = await readBundle(blobs, version);
  expect(bundle.heads).toEqual(heads);
  expect(await readHeads(blobs, version)).toEqual(heads);
  expect(filesOf(bundle.manifest)).toContain("heads.json");
  expect(JSON.parse(new TextDecoder().decode(exportOnnx(bundle)["heads.json"]))).toEqual(heads);
  // Two heads, of 4 viewers and 16 items each.
  expect(bundle.golden.chances?.map((head) => head.length)).toEqual([64, 64]);
  const model = await loadModel({ runtime, blobs }, version);
  expect(model.heads).toEqual(heads);
  await model.close();
  expect(await compareRuntimes(bundle, [onRuntime(runtime)])).toMatchObject({ agree: true });
  const other = { ...bundle, heads: { ...heads, heads: { ...heads.heads, like: heads.heads.nope! } } };
  expect(await compareRuntimes(other, [onRuntime(runtime)])).toMatchObject({ agree: false });
});

test("[HD3] heads that give something else than was recorded do not serve", async () => {
  const { blobs, runtime, version, put } = await registered(heads);
  const moved = { ...heads.heads.like!, bias: 0.501 };
  await put("heads.json", { ...heads, heads: { ...heads.heads, like: moved } });
  await expect(loadModel({ runtime, blobs }, version)).rejects.toMatchObject({ code: "parity_failed" });
  await put("heads.json", heads);
  await (await loadModel({ runtime, blobs }, version)).close();
});

test("[HD3] heads that are damaged, missing, or of another width are named", async () => {
  const { blobs, runtime, version, path, put } = await registered(heads);
  const refused = { code: "bundle_corrupt", message: expect.stringContaining("heads.json") };
  const whole = (await blobs.read(path("heads.json")))!;
  await blobs.write(path("heads.json"), whole.with(9, 1 ^ whole[9]!));
  await expect(loadModel({ runtime, blobs }, version)).rejects.toMatchObject(refused);
  await blobs.remove(path("heads.json"));
  await expect(loadModel({ runtime, blobs }, version)).rejects.toMatchObject(refused);
  await put("heads.json", { kind: "served_heads", heads: { like: { weights: [1], scale: 1, bias: 0 } } });
  await expect(readHeads(blobs, version)).rejects.toThrow("must be of 16 dimensions: current value is 1");
  await put("heads.json", { kind: "something" });
  await expect(readHeads(blobs, version)).rejects.toMatchObject(refused);
});

test("[HD4] a bundle without heads, as from before there were any, opens and is published without them", async () => {
  const { blobs, runtime, version, manifestHash, json } = await registered(undefined);
  const manifest: Manifest = await json("manifest.json");
  expect(Object.keys(manifest.files)).toHaveLength(5);
  expect(await json("golden.json")).not.toHaveProperty("chances");
  const model = await loadModel({ runtime, blobs }, version);
  expect(model.heads).toBeUndefined();
  await model.close();
  expect(await readHeads(blobs, version)).toBeUndefined();
  const sent = await publishBundle(version, { from: blobs, to: createMemoryBlobStore(), manifestHash });
  expect(sent.sent).not.toContain("heads.json");
});

test("heads are published, and the same towers with other heads are another version", async () => {
  const { blobs, deployer, version, manifestHash, model, dataset } = await registered(heads);
  const { sent } = await publishBundle(version, { from: blobs, to: createMemoryBlobStore(), manifestHash });
  expect(sent).toContain("heads.json");
  const again = await deployer.register({ ...model, heads }, { dataset });
  expect(again.version).toBe(version);
  expect((await deployer.register(model, { dataset })).version).not.toBe(version);
});
