import type { BlobStore } from "../base/mod.ts";
import { FutagoError, isFutagoError } from "../base/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { loadTowers, type TowerFiles, type Towers } from "../towers/mod.ts";
import { type ReadBundleOptions, readServingBundle, type ServingBundle } from "./bundle.ts";
import type { Fallback } from "./fallback.ts";
import { checkParity, type Golden } from "./golden.ts";
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
  /**
   * When the item tower is read, opened and checked: with everything else, or by the first that embeds items. Who
   * answers viewers alone, as an edge function does, saves its time and memory.
   *
   * @default "at_once"
   */
  readonly itemTower?: "at_once" | "when_asked";
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
  const bundle = await readServingBundle(source.blobs, version, options);
  checkSchema(bundle);
  const { manifest, fallback, golden, readItemOnnx } = bundle;
  const later = source.itemTower === "when_asked";
  const itemOnnx = later ? readItemOnnx : await readItemOnnx();
  const towers = await openTowers(source.runtime, { ...bundle, itemOnnx });
  try {
    const parity = await checkParity(later ? itemsAsRecorded(towers, golden) : towers, golden);
    const serving = later ? withItemsChecked(towers, golden) : towers;
    return { version, manifest, towers: serving, fallback, parity, close: () => towers.close() };
  } catch (error) {
    await towers.close();
    throw error;
  }
}

/** For checking viewers alone: items are taken at the recorded word. */
function itemsAsRecorded(towers: Towers, { itemVectors }: Golden): Towers {
  return { ...towers, embedItems: async () => Float32Array.from(itemVectors.flat()) };
}

/** Towers whose items pass the parity gate before the first of them is embedded. */
function withItemsChecked(towers: Towers, golden: Golden): Towers {
  let checking: Promise<unknown> | undefined;
  const checked = (): Promise<unknown> => {
    checking ??= checkParity(towers, golden).catch((error: unknown) => {
      checking = undefined;
      throw error;
    });
    return checking;
  };
  return {
    ...towers,
    embedItems: async (items) => {
      await checked();
      return towers.embedItems(items);
    },
    embedEncodedItems: async (items) => {
      await checked();
      return towers.embedEncodedItems(items);
    },
  };
}

function checkSchema({ manifest, features }: ServingBundle): void {
  if (features.schemaHash === manifest.featureSchemaHash) return;
  throw new FutagoError(
    "bundle_corrupt",
    `Cannot open version "${manifest.version}" as its feature schema must hash to ${manifest.featureSchemaHash.slice(0, 12)}: current value is ${features.schemaHash.slice(0, 12)}`,
    { details: { version: manifest.version, file: "features.json" } },
  );
}

async function openTowers(
  runtime: Runtime,
  bundle: TowerFiles & Pick<ServingBundle, "manifest">,
): Promise<Towers> {
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
