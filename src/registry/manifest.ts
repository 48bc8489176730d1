import * as z from "zod/mini";
import { FutagoError } from "../base/mod.ts";

/** The files of a bundle besides the manifest, in the order in which they are written; see {@link filesOf}. */
export const bundleFiles = [
  "features.json",
  "user_tower.onnx",
  "item_tower.onnx",
  "heads.json",
  "fallback.json",
  "golden.json",
] as const;

/** One file of a bundle. */
export type BundleFile = (typeof bundleFiles)[number];

const fileEntry = z.object({
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  bytes: z.int().check(z.minimum(0)),
});

const manifestSchema = z.object({
  kind: z.literal("futago-bundle"),
  format: z.literal(1),
  version: z.string(),
  createdAt: z.number(),
  description: z.string(),
  parent: z.nullable(z.string()),
  preset: z.string(),
  dims: z.int().check(z.minimum(1)),
  featureSchemaHash: z.string(),
  training: z.record(z.string(), z.unknown()),
  dataWindow: z.object({
    from: z.nullable(z.number()),
    to: z.nullable(z.number()),
    items: z.number(),
    people: z.number(),
    events: z.number(),
  }),
  metrics: z.record(z.string(), z.number()),
  files: z.object({
    "features.json": fileEntry,
    "user_tower.onnx": fileEntry,
    "item_tower.onnx": fileEntry,
    "fallback.json": fileEntry,
    "golden.json": fileEntry,
    "heads.json": z.optional(fileEntry),
  }),
});

/** What a model was trained from: the first and last event (milliseconds since 1970) and how much of each there was. */
export interface DataWindow {
  readonly from: number | null;
  readonly to: number | null;
  readonly items: number;
  readonly people: number;
  readonly events: number;
}

/** What is in a bundle and where it came from: `manifest.json`, written last, so that a bundle without one is none. */
export interface Manifest {
  readonly kind: "futago-bundle";
  readonly format: 1;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly description: string;
  /** The version that was active when this one was registered. */
  readonly parent: string | null;
  readonly preset: string;
  /** Width of the vectors. */
  readonly dims: number;
  /** Hash of the feature schema; the service refuses features fitted under another. */
  readonly featureSchemaHash: string;
  /** The training configuration as it ran. */
  readonly training: Readonly<Record<string, unknown>>;
  readonly dataWindow: DataWindow;
  readonly metrics: Readonly<Record<string, number>>;
  /** All of them; `heads.json` where heads were trained. */
  readonly files: Readonly<Record<Exclude<BundleFile, "heads.json">, FileEntry>> & {
    readonly "heads.json"?: FileEntry | undefined;
  };
}

/** What a manifest says of a file. */
export interface FileEntry {
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * The files that a bundle has.
 *
 * @param manifest Its own.
 * @returns In the order in which they are written.
 */
export function filesOf({ files }: Pick<Manifest, "files">): readonly BundleFile[] {
  return bundleFiles.filter((file) => files[file] !== undefined);
}

/**
 * What the files of a bundle weigh together.
 *
 * @param manifest Its own.
 * @returns Bytes, without the manifest.
 */
export function bundleBytes(manifest: Pick<Manifest, "files">): number {
  return filesOf(manifest).reduce((sum, file) => sum + manifest.files[file]!.bytes, 0);
}

/**
 * Reads a manifest.
 *
 * @param bytes `manifest.json`.
 * @param version The version it must describe.
 * @returns The manifest.
 * @throws FutagoError `bundle_corrupt` where it is not JSON, not a manifest, or another version's.
 */
export function parseManifest(bytes: Uint8Array, version: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupt(version, "be JSON", "something else", cause);
  }
  const parsed = manifestSchema.safeParse(json, { error: z.locales.en().localeError });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw corrupt(version, "be a Futago manifest", `${issue?.path.join(".")}: ${issue?.message}`);
  }
  if (parsed.data.version !== version) throw corrupt(version, `say "${version}"`, `"${parsed.data.version}"`);
  return parsed.data;
}

function corrupt(version: string, rule: string, current: string, cause?: unknown): FutagoError {
  return new FutagoError(
    "bundle_corrupt",
    `Cannot open version "${version}" as manifest.json must ${rule}: current value is ${current}`,
    { cause, details: { version, file: "manifest.json" } },
  );
}
