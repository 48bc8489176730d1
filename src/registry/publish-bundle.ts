import { type BlobStore, isFutagoError, type Progress, sha256Hex, silentProgress } from "../base/mod.ts";
import { bundlePath, readBundleFile, readManifest } from "./bundle.ts";
import { type BundleFile, filesOf } from "./manifest.ts";

/** What {@link publishBundle} is given. */
export interface PublishBundleOptions {
  /** Where the bundle was registered. */
  readonly from: BlobStore;
  /** Where instances read it. */
  readonly to: BlobStore;
  /** Of the manifest, as the database knows it. */
  readonly manifestHash: string;
  readonly progress?: Progress;
}

/** What publishing sent. */
export interface PublishedBundle {
  /** `models/<version>/<16 digits of the manifest's hash>/`. */
  readonly path: string;
  /** Files that were not there yet. */
  readonly sent: readonly string[];
  readonly bytes: number;
}

/**
 * Copies a bundle to where instances read it, under a path that holds its hash: what lies there never changes, so that
 * any cache may keep it. The manifest comes last; killed at any point and run again, only what is missing or damaged is
 * sent. A bundle that is only there, as on another machine, is left as it is.
 *
 * @param version Which.
 * @param options From where to where.
 * @returns What was sent.
 * @throws FutagoError `bundle_missing` where it is in neither place, `bundle_corrupt` where the source is damaged,
 * `storage_failed`.
 */
export async function publishBundle(
  version: string,
  options: PublishBundleOptions,
): Promise<PublishedBundle> {
  const { from, to, manifestHash, progress = silentProgress } = options;
  const path = bundlePath(version, manifestHash);
  const opened = await readManifest(from, version, { manifestHash }).catch(async (error: unknown) => {
    const missing = isFutagoError(error) && error.code === "bundle_missing";
    if (missing && (await to.read(`${path}manifest.json`)) !== undefined) return undefined;
    throw error;
  });
  if (opened === undefined) return { path, sent: [], bytes: 0 };
  const sent: string[] = [];
  let bytes = 0;
  const send = async (file: BundleFile | "manifest.json", content: Uint8Array): Promise<void> => {
    const there = await to.read(path + file);
    if (there !== undefined && sha256Hex(there) === sha256Hex(content)) return;
    await to.write(path + file, content);
    sent.push(file);
    bytes += content.length;
  };
  const files = filesOf(opened.manifest);
  const task = progress.start("Uploading the bundle", files.length + 1);
  try {
    for (const file of files) {
      await send(file, await readBundleFile(from, opened, file));
      task.advance(1);
    }
    await send("manifest.json", (await from.read(`${opened.root}manifest.json`))!);
    task.advance(1);
  } finally {
    task.done();
  }
  return { path, sent, bytes };
}
