import { type BlobStore, isFutagoError, sha256Hex } from "../base/mod.ts";
import { type Bundle, readBundle } from "./bundle.ts";

/**
 * The versions that have files, whole or not, in no particular order.
 *
 * @param blobs Where bundles are.
 * @returns Their names.
 */
export async function bundleNames(blobs: BlobStore): Promise<readonly string[]> {
  const paths = await blobs.list("models/");
  return [...new Set(paths.map((path) => path.split("/")[1] ?? ""))];
}

/**
 * A whole bundle of the very same towers.
 *
 * @param blobs Where bundles are.
 * @param towers The two models.
 * @returns The bundle, or undefined where there is none.
 */
export async function findTwin(
  blobs: BlobStore,
  towers: { readonly userOnnx: Uint8Array; readonly itemOnnx: Uint8Array },
): Promise<Bundle | undefined> {
  const user = sha256Hex(towers.userOnnx);
  const item = sha256Hex(towers.itemOnnx);
  for (const name of await bundleNames(blobs)) {
    try {
      const bundle = await readBundle(blobs, name);
      const { files } = bundle.manifest;
      if (files["user_tower.onnx"].sha256 === user && files["item_tower.onnx"].sha256 === item) return bundle;
    } catch (error) {
      // A damaged bundle is nobody's twin; that it is damaged is told where it is opened.
      if (!isFutagoError(error) && !(error instanceof RangeError)) throw error;
    }
  }
  return undefined;
}
