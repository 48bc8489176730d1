import { type BlobStore, digestHex, FutagoError, sha256Hex } from "../base/mod.ts";
import { type FittedFeatures, parseFittedFeatures } from "../features/mod.ts";
import type { ServedHeads } from "../towers/mod.ts";
import type { Fallback } from "./fallback.ts";
import type { Golden } from "./golden.ts";
import { parseHeads } from "./heads-file.ts";
import { type BundleFile, bundleFiles, type FileEntry, type Manifest, parseManifest } from "./manifest.ts";
import { isVersionName } from "./version-name.ts";

/** What a bundle may weigh in all: an edge function must be able to fetch and hold it. */
export const maxBundleBytes: number = 50 * 1024 * 1024;

/** A bundle's contents, opened. */
export interface Bundle {
  readonly manifest: Manifest;
  /** SHA-256 of the bytes of `manifest.json`: names the whole bundle, as it holds the hash of every other file. */
  readonly manifestHash: string;
  readonly features: FittedFeatures;
  readonly userOnnx: Uint8Array;
  readonly itemOnnx: Uint8Array;
  /** Undefined where none were trained. */
  readonly heads?: ServedHeads | undefined;
  readonly fallback: Fallback;
  readonly golden: Golden;
}

/** What {@link writeBundle} is given; the hashes are computed. */
export interface BundleSource extends Omit<Bundle, "manifest" | "manifestHash"> {
  readonly manifest: Omit<Manifest, "kind" | "format" | "files">;
}

/** Options of {@link readBundle} and {@link readFallback}. */
export interface ReadBundleOptions {
  /**
   * What the manifest must hash to, as the database knows it; absent: not checked. With it a bundle is also found where
   * `publishBundle` put it.
   */
  readonly manifestHash?: string;
}

/**
 * Writes a bundle under `models/<version>/`, the manifest last: a writer that is killed leaves no bundle behind,
 * only files that the next write replaces.
 *
 * @param blobs Where to.
 * @param source The contents.
 * @returns The manifest and its hash.
 * @throws RangeError When the files are larger than 50 MB together or the version is no name.
 */
export async function writeBundle(
  blobs: BlobStore,
  source: BundleSource,
): Promise<{ readonly manifest: Manifest; readonly manifestHash: string }> {
  const root = bundlePath(source.manifest.version);
  const contents: Readonly<Record<Exclude<BundleFile, "heads.json">, Uint8Array>> & {
    readonly "heads.json"?: Uint8Array;
  } = {
    "features.json": toJson(source.features),
    "user_tower.onnx": source.userOnnx,
    "item_tower.onnx": source.itemOnnx,
    ...(source.heads && { "heads.json": toJson(source.heads) }),
    "fallback.json": toJson(source.fallback),
    "golden.json": toJson(source.golden),
  };
  const files = bundleFiles.flatMap((file) => {
    const bytes = contents[file];
    return bytes === undefined ? [] : [{ file, bytes }];
  });
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (total > maxBundleBytes) {
    throw new RangeError(
      `Cannot write the bundle of "${source.manifest.version}" as it must be at most 50 MB: current value is ` +
        `${(total / 1024 / 1024).toFixed(1)} MB; choose fewer dimensions or a smaller vocabulary`,
    );
  }
  const entryOf = (bytes: Uint8Array): FileEntry => ({ sha256: sha256Hex(bytes), bytes: bytes.length });
  const manifest: Manifest = {
    kind: "futago-bundle",
    format: 1,
    ...source.manifest,
    files: {
      "features.json": entryOf(contents["features.json"]),
      "user_tower.onnx": entryOf(contents["user_tower.onnx"]),
      "item_tower.onnx": entryOf(contents["item_tower.onnx"]),
      "fallback.json": entryOf(contents["fallback.json"]),
      "golden.json": entryOf(contents["golden.json"]),
      ...(contents["heads.json"] && { "heads.json": entryOf(contents["heads.json"]) }),
    },
  };
  for (const { file, bytes } of files) await blobs.write(`${root}${file}`, bytes);
  const written = toJson(manifest);
  await blobs.write(`${root}manifest.json`, written);
  return { manifest, manifestHash: sha256Hex(written) };
}

/** A bundle's contents without the item tower, which only some need. */
export interface ServingBundle extends Omit<Bundle, "itemOnnx"> {
  /** Reads the user tower again. */
  readUserOnnx(): Promise<Uint8Array>;
  /** Reads the item tower, and checks its hash: FutagoError `bundle_corrupt` where it is missing or another. */
  readItemOnnx(): Promise<Uint8Array>;
}

/**
 * Reads a bundle and checks the hash of every file.
 *
 * @param blobs Where from.
 * @param version Which.
 * @param options What else must hold.
 * @returns The bundle.
 * @throws FutagoError `bundle_missing` where there is none, `bundle_corrupt` naming the file that is missing or not
 * what the manifest says.
 */
export async function readBundle(
  blobs: BlobStore,
  version: string,
  options: ReadBundleOptions = {},
): Promise<Bundle> {
  const { readItemOnnx, readUserOnnx: _, ...bundle } = await readServingBundle(blobs, version, options);
  return { ...bundle, itemOnnx: await readItemOnnx() };
}

/**
 * Reads what it takes to embed viewers, and leaves the item tower for later.
 *
 * @param blobs Where from.
 * @param version Which.
 * @param options What else must hold.
 * @returns The bundle, the hash of every file that was read checked.
 * @throws FutagoError As for {@link readBundle}.
 */
export async function readServingBundle(
  blobs: BlobStore,
  version: string,
  options: ReadBundleOptions = {},
): Promise<ServingBundle> {
  const opened = await readManifest(blobs, version, options);
  const { manifest, manifestHash } = opened;
  const read = (file: BundleFile) => readBundleFile(blobs, opened, file);
  const readJson = async (file: BundleFile) => fromJson(await read(file));
  // Each is parsed as it comes, while the tower, by far the largest, is still on its way.
  const [features, heads, fallback, golden, userOnnx] = await Promise.all([
    // Whole, but perhaps of another version of Futago, whose encoders would read other columns.
    readJson("features.json").then(parseFittedFeatures),
    openHeads(blobs, opened),
    readJson("fallback.json"),
    readJson("golden.json"),
    read("user_tower.onnx"),
  ]);
  return {
    manifest,
    manifestHash,
    features,
    userOnnx,
    heads,
    fallback: fallback as Fallback,
    golden: golden as Golden,
    readUserOnnx: () => read("user_tower.onnx"),
    readItemOnnx: () => read("item_tower.onnx"),
  };
}

/**
 * Reads what it takes to embed items: half of a bundle, without its largest file.
 *
 * @param blobs Where from.
 * @param version Which.
 * @param options What else must hold.
 * @returns That part, the hash of every file that was read checked.
 * @throws FutagoError As for {@link readBundle}.
 */
export async function readItemBundle(
  blobs: BlobStore,
  version: string,
  options: ReadBundleOptions = {},
): Promise<Pick<Bundle, "manifest" | "features" | "golden" | "itemOnnx">> {
  const opened = await readManifest(blobs, version, options);
  const [features, golden, itemOnnx] = await Promise.all([
    readBundleFile(blobs, opened, "features.json"),
    readBundleFile(blobs, opened, "golden.json"),
    readBundleFile(blobs, opened, "item_tower.onnx"),
  ]);
  return {
    manifest: opened.manifest,
    features: parseFittedFeatures(fromJson(features)),
    golden: fromJson(golden) as Golden,
    itemOnnx,
  };
}

/**
 * Reads only the heads of a bundle.
 *
 * @param blobs Where from.
 * @param version Which.
 * @param options What else must hold.
 * @returns Undefined where none were trained.
 * @throws FutagoError `bundle_missing`, or `bundle_corrupt` for the manifest or the heads themselves.
 */
export async function readHeads(
  blobs: BlobStore,
  version: string,
  options: ReadBundleOptions = {},
): Promise<ServedHeads | undefined> {
  return openHeads(blobs, await readManifest(blobs, version, options));
}

async function openHeads(blobs: BlobStore, opened: OpenedManifest): Promise<ServedHeads | undefined> {
  if (opened.manifest.files["heads.json"] === undefined) return undefined;
  return parseHeads(fromJson(await readBundleFile(blobs, opened, "heads.json")), opened.manifest);
}

/**
 * Reads only the fallback of a bundle: it may be whole where a tower is not.
 *
 * @param blobs Where from.
 * @param version Which.
 * @param options What else must hold.
 * @returns The popularity and linear model.
 * @throws FutagoError `bundle_missing`, or `bundle_corrupt` for the manifest or the fallback itself.
 */
export async function readFallback(
  blobs: BlobStore,
  version: string,
  options: ReadBundleOptions = {},
): Promise<Fallback> {
  const opened = await readManifest(blobs, version, options);
  return fromJson(await readBundleFile(blobs, opened, "fallback.json")) as Fallback;
}

/**
 * Where a version's files lie.
 *
 * @param version Its name.
 * @param manifestHash With it: where a published bundle lies, a path whose content never changes.
 * @returns A prefix that ends in `/`, so that removing `…-1` leaves `…-10` alone.
 * @throws RangeError When it is no version name.
 */
export function bundlePath(version: string, manifestHash?: string): string {
  if (!isVersionName(version)) {
    throw new RangeError(
      `Cannot open a bundle as its version must be letters, digits, ".", "-" and "_", at most 64: current value is "${version.slice(0, 80)}"`,
    );
  }
  return manifestHash === undefined
    ? `models/${version}/`
    : `models/${version}/${manifestHash.slice(0, 16)}/`;
}

/** A manifest and where it lies. */
export interface OpenedManifest {
  readonly manifest: Manifest;
  readonly manifestHash: string;
  /** Ends in `/`. */
  readonly root: string;
}

/**
 * Reads the manifest of a bundle: under its hash where it was published, else under its version alone.
 *
 * @param blobs Where from.
 * @param version Which.
 * @param options What else must hold.
 * @returns The manifest, checked against the hash that is expected of it.
 * @throws FutagoError `bundle_missing`, `bundle_corrupt`.
 */
export async function readManifest(
  blobs: BlobStore,
  version: string,
  options: ReadBundleOptions = {},
): Promise<OpenedManifest> {
  const roots = [bundlePath(version)];
  if (options.manifestHash) roots.unshift(bundlePath(version, options.manifestHash));
  let root = "";
  let bytes: Uint8Array | undefined;
  for (root of roots) {
    bytes = await blobs.read(`${root}manifest.json`);
    if (bytes !== undefined) break;
  }
  if (bytes === undefined) {
    throw new FutagoError(
      "bundle_missing",
      `Cannot open version "${version}" as its bundle must exist: manifest.json is missing; train again or roll back`,
      { details: { version, file: "manifest.json" } },
    );
  }
  const manifestHash = await digestHex(bytes);
  if (options.manifestHash !== undefined && options.manifestHash !== manifestHash) {
    throw hashMismatch(version, "manifest.json", options.manifestHash, manifestHash);
  }
  return { manifest: parseManifest(bytes, version), manifestHash, root };
}

/** A file that the manifest names, its hash checked: FutagoError `bundle_corrupt` where it is missing or another. */
export async function readBundleFile(
  blobs: BlobStore,
  { manifest, root }: OpenedManifest,
  file: BundleFile,
): Promise<Uint8Array> {
  const { version } = manifest;
  const bytes = await blobs.read(`${root}${file}`);
  if (bytes === undefined) {
    throw new FutagoError(
      "bundle_corrupt",
      `Cannot open version "${version}" as ${file} must exist: it is missing; restore it or roll back`,
      { details: { version, file } },
    );
  }
  const hash = await digestHex(bytes);
  const { sha256 } = manifest.files[file]!;
  if (hash !== sha256) throw hashMismatch(version, file, sha256, hash);
  return bytes;
}

function hashMismatch(version: string, file: string, expected: string, current: string): FutagoError {
  return new FutagoError(
    "bundle_corrupt",
    `Cannot open version "${version}" as ${file} must hash to ${expected.slice(0, 12)}: current value is ${current.slice(0, 12)}; restore it or roll back`,
    { details: { version, file } },
  );
}

function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function fromJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
