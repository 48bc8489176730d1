import { expect, test, vi } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import type { BlobStore } from "../base/mod.ts";
import { createInferenceEngine } from "./inference-engine.ts";
import { createItemEmbedder } from "./item-embedder.ts";

test("[ED12] embeds items as an engine does, and reads neither the user tower nor the fallback", async () => {
  const world = tinyWorld();
  const read: string[] = [];
  const blobs: BlobStore = {
    ...world.blobs,
    read: (path) => {
      read.push(path.split("/").at(-1)!);
      return world.blobs.read(path);
    },
  };
  const embedder = createItemEmbedder({ ...world, blobs });
  await expect(embedder.embedItems(["v01"])).rejects.toMatchObject({ code: "model_missing" });
  const version = await world.deploy(1);
  const put = vi.spyOn(world.vectors, "putItemVectors");
  await createInferenceEngine(world).embedItems(["v01"]);
  expect(await embedder.embedItems(["v01", "v99"])).toEqual({ version, embedded: 1, left: ["v99"] });
  expect(put).toHaveBeenCalledTimes(2);
  expect(put.mock.calls[1]).toEqual(put.mock.calls[0]);
  expect([...new Set(read)].sort()).toEqual([
    "features.json",
    "golden.json",
    "item_tower.onnx",
    "manifest.json",
  ]);
});

test("it embeds under a version that was promoted in between, and tries again what failed to open", async () => {
  const world = tinyWorld();
  let broken = false;
  const blobs: BlobStore = {
    ...world.blobs,
    read: async (path) => (broken ? undefined : world.blobs.read(path)),
  };
  const embedder = createItemEmbedder({ ...world, blobs });
  const first = await world.deploy(1);
  expect(await embedder.embedItems(["v01"])).toMatchObject({ version: first });
  const second = await world.deploy(2);
  broken = true;
  await expect(embedder.embedItems(["v01"])).rejects.toMatchObject({ code: "bundle_missing" });
  broken = false;
  const asked = [embedder.embedItems(["v01"]), embedder.embedItems(["v02"])];
  expect((await Promise.all(asked)).map(({ version }) => version)).toEqual([second, second]);
});
