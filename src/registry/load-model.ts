import type { BlobStore } from "../base/mod.ts";
import { FutagoError, isFutagoError } from "../base/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import {
  loadTowers,
  openScoreExplainer,
  type ScoreExplainer,
  type ServedHeads,
  type TowerFiles,
  type Towers,
} from "../towers/mod.ts";
import { type ReadBundleOptions, readServingBundle, type ServingBundle } from "./bundle.ts";
import type { Fallback } from "./fallback.ts";
import { checkParity, type Golden } from "./golden.ts";
import type { Manifest } from "./manifest.ts";
import { trainedTowers } from "./trained-towers.ts";

/** A version, opened and proven to answer as it did when it was registered. */
export interface LoadedModel {
  readonly version: string;
  readonly manifest: Manifest;
  readonly towers: Towers;
  /** What a value formula reads; undefined where none were trained. */
  readonly heads?: ServedHeads | undefined;
  readonly fallback: Fallback;
  /** Largest difference that the parity gate found. */
  readonly parity: number;
  /**
   * What takes its scores apart; opened by the first that asks, closed with the model. FutagoError `model_unsupported` for
   * towers that were made elsewhere, or that read a sequence.
   */
  explainer(): Promise<ScoreExplainer>;
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
  const { manifest, heads, fallback, golden, readItemOnnx } = bundle;
  const later = source.itemTower === "when_asked";
  // Where memory is scarce the portable executor runs, which keeps the file's bytes anyway.
  const readUserOnnx = later ? async () => bundle.userOnnx : bundle.readUserOnnx;
  const explaining = explainerOf(source.runtime, { ...bundle, readUserOnnx });
  const itemOnnx = later ? readItemOnnx : await readItemOnnx();
  // The parity gate would find another width, too.
  const dims = later ? manifest.dims : undefined;
  const towers = await openTowers(source.runtime, { ...bundle, itemOnnx, dims });
  try {
    const parity = await checkParity(later ? itemsAsRecorded(towers, golden) : towers, golden, { heads });
    const serving = later ? withItemsChecked(towers, golden) : towers;
    const close = async (): Promise<void> => {
      await explaining.close();
      await towers.close();
    };
    return { version, manifest, towers: serving, heads, fallback, parity, explainer: explaining.open, close };
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

/** An explainer that is opened once, when it is asked for. */
function explainerOf(
  runtime: Runtime,
  { manifest, features, readUserOnnx }: ServingBundle,
): { readonly open: () => Promise<ScoreExplainer>; readonly close: () => Promise<void> } {
  let opening: Promise<ScoreExplainer> | undefined;
  const open = async (): Promise<ScoreExplainer> => {
    const config = trainedTowers(manifest);
    if (config === undefined) {
      throw new FutagoError(
        "model_unsupported",
        `Cannot explain scores of version "${manifest.version}" as its towers must be Futago's own: they were imported`,
        { details: { version: manifest.version } },
      );
    }
    return openScoreExplainer(runtime, { userOnnx: await readUserOnnx(), config, features });
  };
  return {
    open: () => {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    },
    close: async () => {
      const explainer = await opening?.catch(() => undefined);
      await explainer?.close();
    },
  };
}

/** The features of a bundle must be those that its manifest names. */
export function checkSchema({ manifest, features }: Pick<ServingBundle, "manifest" | "features">): void {
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
