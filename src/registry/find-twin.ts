import { type BlobStore, canonicalJson, isFutagoError, sha256Hex } from "../base/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import type { ServedHeads } from "../towers/mod.ts";
import { type Bundle, readBundle, readManifest } from "./bundle.ts";
import type { Manifest } from "./manifest.ts";

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
 * The manifest of the bundle that was made last.
 *
 * @param blobs Where bundles are registered.
 * @returns The manifest, or undefined where there is no bundle.
 */
export async function latestBundle(blobs: BlobStore): Promise<Manifest | undefined> {
  let latest: Manifest | undefined;
  for (const name of await bundleNames(blobs)) {
    const manifest = await readManifest(blobs, name).then(
      (opened) => opened.manifest,
      () => undefined,
    );
    if (manifest !== undefined && manifest.createdAt >= (latest?.createdAt ?? 0)) latest = manifest;
  }
  return latest;
}

/**
 * A whole bundle of the very same towers and heads over the same features: with another vocabulary they answer otherwise.
 *
 * @param blobs Where bundles are.
 * @param towers The two models, and what encodes for them.
 * @returns The bundle, or undefined where there is none.
 */
export async function findTwin(
  blobs: BlobStore,
  towers: {
    readonly userOnnx: Uint8Array;
    readonly itemOnnx: Uint8Array;
    readonly features: FittedFeatures;
    readonly heads?: ServedHeads | undefined;
  },
): Promise<Bundle | undefined> {
  const user = sha256Hex(towers.userOnnx);
  const item = sha256Hex(towers.itemOnnx);
  const rest = ({ features, heads = null }: Pick<Bundle, "features"> & { heads?: Bundle["heads"] | null }) =>
    canonicalJson([features, heads]);
  for (const name of await bundleNames(blobs)) {
    try {
      const bundle = await readBundle(blobs, name);
      const { files } = bundle.manifest;
      const same = files["user_tower.onnx"].sha256 === user && files["item_tower.onnx"].sha256 === item;
      if (same && rest(bundle) === rest(towers)) return bundle;
    } catch (error) {
      // A damaged bundle is nobody's twin; that it is damaged is told where it is opened.
      if (!isFutagoError(error) && !(error instanceof RangeError)) throw error;
    }
  }
  return undefined;
}
