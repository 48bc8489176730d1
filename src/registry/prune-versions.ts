import type { BlobStore, Clock } from "../base/mod.ts";
import { bundlePath, readManifest } from "./bundle.ts";
import { bundleNames } from "./find-twin.ts";
import { versionDay } from "./version-name.ts";
import type { ModelVersion, VersionStore } from "./version-store.ts";

/** What {@link pruneVersions} works with. */
export interface PruneVersionsOptions {
  /** Where bundles lie: first where they are registered, then where they are published, if elsewhere. */
  readonly stores: readonly BlobStore[];
  readonly versions: VersionStore;
  readonly clock: Clock;
  /** Versions kept, the active and the previous one among them. */
  readonly maxVersions: number;
  /** How long a version is kept after it was active, in milliseconds. */
  readonly graceMs: number;
}

/**
 * Removes the oldest versions beyond a number: row and vectors first, then bundles. The active and the previous version
 * stay, and whatever was active a moment ago, as an instance that has not looked since may answer from it.
 *
 * @param options Stores, and what to keep.
 * @returns Names of what was removed.
 * @throws FutagoError `database_busy` where the tables of a version stay in use.
 */
export async function pruneVersions(options: PruneVersionsOptions): Promise<readonly string[]> {
  const { stores, versions, clock, maxVersions, graceMs } = options;
  const all = await versions.list();
  const previous = (await versions.previous())?.version;
  const needed = all.filter((row) => row.status === "active" || row.version === previous);
  const others = all.filter((row) => !needed.includes(row));
  const latest = clock.now() - graceMs;
  const removed: string[] = [];
  for (const row of others.slice(Math.max(0, maxVersions - needed.length))) {
    if (graceMs > 0 && retiredAt(row, all) > latest) continue;
    await versions.remove(row.version);
    // Last where it is registered: what is left there after a failure tells what may be left elsewhere.
    for (const blobs of stores.toReversed()) await removeBundle(blobs, row);
    removed.push(row.version);
  }
  await removeOrphans(options, new Set(all.map((row) => row.version)));
  return removed;
}

/** When another version took its place; a later moment where that one has been active again since. */
function retiredAt({ activatedAt }: ModelVersion, all: readonly ModelVersion[]): number {
  if (activatedAt === null) return Number.NEGATIVE_INFINITY;
  const later = all.flatMap((row) =>
    row.activatedAt !== null && row.activatedAt > activatedAt ? [row.activatedAt] : [],
  );
  return Math.min(...later);
}

/** By its hash where it is published: another database may keep a bundle of the same name in the same bucket. */
async function removeBundle(
  blobs: BlobStore,
  { version, manifestHash }: Pick<ModelVersion, "version" | "manifestHash">,
): Promise<void> {
  if (manifestHash !== "") await blobs.remove(bundlePath(version, manifestHash));
  const flat = await readManifest(blobs, version).catch(() => undefined);
  if (flat === undefined || flat.manifestHash === manifestHash) {
    for (const path of await blobs.list(bundlePath(version))) {
      // What lies deeper was published under another hash.
      if (path.split("/").length === 3) await blobs.remove(path);
    }
  }
}

// A bundle without a row was left by a killed register or a prune that failed; a day's grace spares one that is being
// registered now.
async function removeOrphans(
  { stores, clock }: PruneVersionsOptions,
  known: ReadonlySet<string>,
): Promise<void> {
  const yesterday = versionDay(clock.now() - 86_400_000);
  const [registered, ...published] = stores;
  for (const name of await bundleNames(registered!)) {
    if (/^\d{4}\.\d{2}\.\d{2}-\d+$/.test(name) && name < yesterday && !known.has(name)) {
      const left = await readManifest(registered!, name).catch(() => undefined);
      if (left !== undefined) {
        for (const blobs of published) await blobs.remove(bundlePath(name, left.manifestHash));
      }
      await registered!.remove(bundlePath(name));
    }
  }
}
