import { describe, expect, test } from "vitest";
import { tinyModel } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createOrtWebRuntime } from "../adapters/ort-web/mod.ts";
import { importTensorFlow, openTfjsTowers } from "../adapters/tfjs/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import { towersOf } from "../towers/mod.ts";
import { readBundle } from "./bundle.ts";
import { compareRuntimes, onRuntime, type TowerOpener } from "./compare-runtimes.ts";
import { exportTfjs } from "./export-tfjs.ts";

async function tinyBundle() {
  const { deploy, blobs } = tinyWorld();
  return readBundle(blobs, await deploy(1));
}

const tfjs: TowerOpener = {
  name: "tfjs",
  open: async (bundle) =>
    towersOf(await openTfjsTowers(await importTensorFlow(), exportTfjs(bundle)), {
      features: bundle.features,
    }),
};

describe("compareRuntimes", () => {
  test("all four runtimes give the recorded vectors of a version within 1e-5", async () => {
    const openers = [
      onRuntime(await createOrtRuntime({ threads: 1 })),
      onRuntime(createPortableRuntime()),
      onRuntime(await createOrtWebRuntime()),
      tfjs,
    ];
    const { pairs, largest, agree } = await compareRuntimes(await tinyBundle(), openers);
    // Five lists of vectors, the recorded one among them: 5 · 4 / 2 pairs.
    expect(pairs).toHaveLength(10);
    expect(pairs.map(({ a, b }) => `${a} ${b}`)).toContain("onnxruntime-web/wasm tfjs");
    expect(largest).toBeLessThanOrEqual(1e-5);
    expect(agree).toBe(true);
  });

  test("names the pair that disagrees", async () => {
    const bundle = await tinyBundle();
    const other = onRuntime(createPortableRuntime());
    const { userOnnx } = tinyModel(2).model;
    const openers: TowerOpener[] = [
      onRuntime(createPortableRuntime()),
      { name: "other", open: (given) => other.open({ ...given, userOnnx }) },
    ];
    const { pairs, agree } = await compareRuntimes(bundle, openers);
    expect(agree).toBe(false);
    expect(pairs.find(({ a, b }) => a === "recorded" && b === "portable")!.difference).toBeLessThan(1e-5);
    expect(pairs.find(({ a, b }) => a === "recorded" && b === "other")!.difference).toBeGreaterThan(0.01);
  });
});
