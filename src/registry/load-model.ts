import type { BlobStore } from "../base/mod.ts";
import { FutagoError, isFutagoError } from "../base/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { loadTowers, type Towers } from "../towers/mod.ts";
import { type Bundle, type ReadBundleOptions, readBundle } from "./bundle.ts";
import type { Fallback } from "./fallback.ts";
import { checkParity } from "./golden.ts";
import type { Manifest } from "./manifest.ts";

/** A version, opened and proven to answer as it did when it was registered. */
export interface LoadedModel {
  readonly version: string;
  readonly manifest: Manifest;
  readonly towers: Towers;
  readonly fallback: Fallback;
  /** Largest difference that the parity gate found. */
  readonly parity: number;
  close(): Promise<void>;
}

/** Where models come from. */
export interface ModelSource {
  readonly runtime: Runtime;
  readonly blobs: BlobStore;
}

/**
 * Opens a version: hashes, feature schema, towers, parity gate.
 *
 * @param source Runtime and blobs.
 * @param version Which.
 * @param options What else must hold.
 * @returns The model.
 * @throws FutagoError `bundle_missing`, `bundle_corrupt`, `model_unsupported` or `parity_failed`.
 */
export async function loadModel(
  source: ModelSource,
  version: string,
  options: ReadBundleOptions = {},
): Promise<LoadedModel> {
  const bundle = await readBundle(source.blobs, version, options);
  checkSchema(bundle);
  const towers = await openTowers(source.runtime, bundle);
  try {
    const parity = await checkParity(towers, bundle.golden);
    const { manifest, fallback } = bundle;
    return { version, manifest, towers, fallback, parity, close: () => towers.close() };
  } catch (error) {
    await towers.close();
    throw error;
  }
}

function checkSchema({ manifest, features }: Bundle): void {
  if (features.schemaHash === manifest.featureSchemaHash) return;
  throw new FutagoError(
    "bundle_corrupt",
    `Cannot open version "${manifest.version}" as its feature schema must hash to ${manifest.featureSchemaHash.slice(0, 12)}: current value is ${features.schemaHash.slice(0, 12)}`,
    { details: { version: manifest.version, file: "features.json" } },
  );
}

async function openTowers(runtime: Runtime, bundle: Bundle): Promise<Towers> {
  const { version } = bundle.manifest;
  let towers: Towers;
  try {
    towers = await loadTowers(runtime, bundle);
  } catch (cause) {
    if (isFutagoError(cause)) throw cause;
    throw new FutagoError(
      "model_unsupported",
      `Cannot open version "${version}" as its towers must load on ${runtime.name}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, details: { version } },
    );
  }
  if (towers.dims === bundle.manifest.dims) return towers;
  await towers.close();
  throw new FutagoError(
    "bundle_corrupt",
    `Cannot open version "${version}" as its vectors must have ${bundle.manifest.dims} dimensions: current value is ${towers.dims}`,
    { details: { version, file: "user_tower.onnx" } },
  );
}
