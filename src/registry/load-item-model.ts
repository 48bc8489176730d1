import { type LoadedItemTower, loadItemTower } from "../towers/mod.ts";
import { type ReadBundleOptions, readItemBundle } from "./bundle.ts";
import { checkParity } from "./golden.ts";
import { checkSchema, type ModelSource } from "./load-model.ts";

/** The item tower of a version. */
export interface ItemModel {
  readonly version: string;
  readonly towers: LoadedItemTower;
  close(): Promise<void>;
}

/**
 * Opens the item tower of a version alone, proven to answer as it did when it was registered. Who embeds items and nobody else
 * saves the memory of the other tower, which is the larger.
 *
 * @param source Runtime and blobs.
 * @param version Which.
 * @param options What else must hold.
 * @returns The tower.
 * @throws FutagoError `bundle_missing`, `bundle_corrupt`, `model_unsupported` or `parity_failed`.
 */
export async function loadItemModel(
  { runtime, blobs }: Pick<ModelSource, "runtime" | "blobs">,
  version: string,
  options: ReadBundleOptions = {},
): Promise<ItemModel> {
  const bundle = await readItemBundle(blobs, version, options);
  checkSchema(bundle);
  const { golden, features, itemOnnx } = bundle;
  const towers = await loadItemTower(runtime, { features, itemOnnx });
  try {
    // Viewers are taken at the recorded word.
    const embedHistories = async (): Promise<Float32Array> => Float32Array.from(golden.userVectors.flat());
    await checkParity({ embedItems: towers.embedItems, embedHistories }, golden);
    return { version, towers, close: () => towers.close() };
  } catch (error) {
    await towers.close();
    throw error;
  }
}
