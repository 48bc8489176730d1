import type { BlobStore } from "../base/mod.ts";
import { readManifest } from "./bundle.ts";
import type { Manifest } from "./manifest.ts";
import {
  compareSemanticVersions,
  isSemanticVersion,
  nextSemanticVersion,
  type SemanticBump,
} from "./semantic-version.ts";
import type { ModelVersion } from "./version-store.ts";

/**
 * The semantic version that somebody asked for.
 *
 * @param asked Which part goes up, or the whole of it.
 * @param others The versions besides the one it is for: asking twice gives the same.
 * @returns For example `1.4.0`.
 * @throws RangeError Where it is neither.
 */
export function askedSemanticVersion(
  asked: SemanticBump | (string & {}),
  others: readonly ModelVersion[],
): string {
  const bump = (["major", "minor", "patch"] as const).find((part) => part === asked);
  if (bump !== undefined) {
    return nextSemanticVersion(
      others.map((row) => row.semanticVersion),
      bump,
    );
  }
  if (isSemanticVersion(asked)) return asked;
  throw new RangeError(
    `Cannot name a version as its semantic version must be major, minor, patch or three numbers: current value is "${asked.slice(0, 40)}"`,
  );
}

/**
 * The semantic version of a model nobody named: `1.0.0` for the first, the next major where its inputs or its width are
 * others than those of the highest, else the next minor.
 *
 * @param manifest Of the new one.
 * @param known What is registered.
 * @param stores Where the bundle of the highest may lie; found in none, only the width is compared.
 * @returns For example `2.0.0`.
 */
export async function defaultSemanticVersion(
  manifest: Pick<Manifest, "dims" | "featureSchemaHash">,
  known: readonly ModelVersion[],
  stores: readonly BlobStore[],
): Promise<string> {
  const highest = known
    .toSorted((a, b) => compareSemanticVersions(a.semanticVersion, b.semanticVersion))
    .at(-1);
  const schema = highest && (await schemaHashOf(highest, stores));
  const other =
    highest !== undefined &&
    (highest.dims !== manifest.dims || (schema !== undefined && schema !== manifest.featureSchemaHash));
  return askedSemanticVersion(other ? "major" : "minor", known);
}

async function schemaHashOf(row: ModelVersion, stores: readonly BlobStore[]): Promise<string | undefined> {
  for (const blobs of stores) {
    try {
      return (await readManifest(blobs, row.version, row)).manifest.featureSchemaHash;
    } catch {
      // Damaged or elsewhere: a name is no reason to fail.
    }
  }
  return undefined;
}
