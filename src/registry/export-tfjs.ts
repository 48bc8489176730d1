import { parseOnnx } from "../onnx/mod.ts";
import { linearBags, type TowerSide } from "../towers/mod.ts";
import type { Bundle } from "./bundle.ts";
import type { LayerWeight } from "./export-layers.ts";
import { describeInputs, type ExportedFiles } from "./export-onnx.ts";
import { towerLayers } from "./export-tower-layers.ts";
import { trainedTowers } from "./trained-towers.ts";

/** Bytes of one weight file: what TensorFlow.js's own converter writes, so that browsers may keep it. */
const shardBytes = 4 * 1024 * 1024;

/**
 * Whether a version's towers can be written as layers: those that Futago trained can, unless they read a sequence, for
 * which there are no layers that a reader has by itself; imported ones cannot.
 *
 * @param bundle A version's bundle.
 */
export function canExportTfjs({ manifest }: Pick<Bundle, "manifest">): boolean {
  const towers = trainedTowers(manifest);
  return towers !== undefined && towers.sequence === undefined;
}

/**
 * Both towers in the layers format of TensorFlow.js: `user_tower/model.json` and `item_tower/model.json`, each with its
 * weights beside it. They are made of standard layers alone, so that `tf.loadLayersModel` reads them as they are.
 *
 * Inputs and output are those of the ONNX models: `dense` [rows, width], and for each bag `<bag>_indices` (int32) and
 * `<bag>_weights`, [rows, length] padded with index 0 and weight 0; the vector is [rows, dims]. `features.json` and
 * `inputs.json` lie beside them.
 *
 * @param bundle A version's bundle: its towers, features and manifest.
 * @returns Contents by path.
 * @throws RangeError When the towers were not trained by Futago, as an imported model has no layers to name, or read a
 * sequence.
 *
 * @example
 * ```ts no-run
 * import { type BlobStore, exportTfjs, readBundle } from "futago";
 * declare const blobs: BlobStore;
 * const files = exportTfjs(await readBundle(blobs, "2026.11.20-1"));
 * for (const [path, bytes] of Object.entries(files)) await blobs.write(`tfjs/${path}`, bytes);
 * ```
 */
export function exportTfjs(
  bundle: Pick<Bundle, "manifest" | "features" | "userOnnx" | "itemOnnx">,
): ExportedFiles {
  const { manifest, features, userOnnx, itemOnnx } = bundle;
  const config = trainedTowers(manifest);
  if (config === undefined || !canExportTfjs(bundle)) {
    throw new RangeError(
      `Cannot export version "${manifest.version}" to TensorFlow.js as Futago must have trained its towers, without a sequence: its manifest describes other ones; export it with --format onnx`,
    );
  }
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const bags = config.linearDims > 0 ? linearBags(layouts) : undefined;
  const sides = [
    ["user", userOnnx, features.userLayout],
    ["item", itemOnnx, features.itemLayout],
  ] as const;
  const files: Record<string, Uint8Array> = {
    "features.json": new TextEncoder().encode(JSON.stringify(features)),
    "inputs.json": describeInputs(bundle),
  };
  for (const [side, onnx, layout] of sides) {
    const weights = parseOnnx(onnx).initializers;
    Object.assign(files, filesOf(side, towerLayers(side, { config, layout, weights, bags })));
  }
  return files;
}

function filesOf(
  side: TowerSide,
  model: { readonly topology: object; readonly weights: readonly LayerWeight[] },
): Record<string, Uint8Array> {
  const bytes = new Uint8Array(model.weights.reduce((sum, { data }) => sum + data.byteLength, 0));
  let at = 0;
  for (const { data } of model.weights) {
    // Weights are little-endian, as is every machine that runs JavaScript engines today.
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const paths = Array.from({ length: count }, (_, shard) => `group1-shard${shard + 1}of${count}.bin`);
  const json = {
    format: "layers-model",
    generatedBy: "futago",
    convertedBy: null,
    modelTopology: model.topology,
    weightsManifest: [
      {
        paths,
        weights: model.weights.map(({ name, shape }) => ({ name, shape, dtype: "float32" })),
      },
    ],
  };
  const files: Record<string, Uint8Array> = {
    [`${side}_tower/model.json`]: new TextEncoder().encode(JSON.stringify(json)),
  };
  for (const [shard, path] of paths.entries()) {
    files[`${side}_tower/${path}`] = bytes.subarray(shard * shardBytes, (shard + 1) * shardBytes);
  }
  return files;
}
