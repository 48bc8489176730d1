import type { ModelVersion, VersionStore } from "../registry/mod.ts";
import { hasItemVectors } from "./has-item-vectors.ts";
import type { VectorStore } from "./vector-store.ts";

/**
 * The versions whose vectors follow the catalogue: the active one, and newer ones that are being deployed, which have item
 * vectors already. What changed between their embedding and their promotion would be missing otherwise.
 *
 * @param stores Versions and their vectors.
 * @returns The active one first.
 */
export async function keptVersions(stores: {
  readonly versions: Pick<VersionStore, "active" | "list">;
  readonly vectors: VectorStore;
}): Promise<readonly ModelVersion[]> {
  const { versions, vectors } = stores;
  const active = await versions.active();
  const kept = active === undefined ? [] : [active];
  for (const version of await versions.list()) {
    if (version.status !== "candidate" || version.createdAt <= (active?.createdAt ?? 0)) continue;
    if (await hasItemVectors(vectors, version)) kept.push(version);
  }
  return kept;
}
