import type { BlobStore } from "../src/base/mod.ts";
import type { CatalogueStore } from "../src/catalogue/mod.ts";
import type { Neighbour, VectorStore } from "../src/embeddings/mod.ts";
import type { ModelVersion, VersionStore } from "../src/registry/mod.ts";

/** Blobs in a map, which a test may damage. */
export function memoryBlobs(): BlobStore & { readonly blobs: Map<string, Uint8Array> } {
  const blobs = new Map<string, Uint8Array>();
  return {
    blobs,
    read: async (path) => blobs.get(path),
    write: async (path, bytes) => void blobs.set(path, bytes),
    list: async (prefix) => [...blobs.keys()].filter((path) => path.startsWith(prefix)).sort(),
    remove: async (prefix) => {
      for (const path of [...blobs.keys()]) if (path.startsWith(prefix)) blobs.delete(path);
    },
  };
}

/** Versions in a map. */
export function memoryVersions(): VersionStore {
  const rows = new Map<string, ModelVersion>();
  let order = 0;
  const byActivation = () =>
    [...rows.values()]
      .filter((row) => row.activatedAt !== null)
      .sort((a, b) => b.activatedAt! - a.activatedAt!);
  const active = () => [...rows.values()].find((row) => row.status === "active");
  return {
    add: async (row) => void rows.set(row.version, { ...row, status: "candidate", activatedAt: null }),
    list: async () => [...rows.values()].reverse(),
    get: async (version) => rows.get(version),
    active: async () => active(),
    activate: async (version) => {
      const before = active();
      if (before?.version === version) return;
      if (before !== undefined) rows.set(before.version, { ...before, status: "retired" });
      rows.set(version, { ...rows.get(version)!, status: "active", activatedAt: ++order });
    },
    previous: async () => byActivation().find((row) => row.status !== "active"),
    remove: async (version) => void rows.delete(version),
  };
}

/** Exact search over vectors in maps; what is seen and withdrawn comes from the catalogue. */
export function memoryVectors(
  catalogue: CatalogueStore,
): VectorStore & { readonly users: Map<string, Float32Array> } {
  const partitions = new Map<string, Map<string, { vector: Float32Array; hash: string }>>();
  const users = new Map<string, Float32Array>();
  const partition = (version: string) => {
    const found = partitions.get(version) ?? new Map<string, { vector: Float32Array; hash: string }>();
    partitions.set(version, found);
    return found;
  };
  async function available(personId?: string, exclude: readonly string[] = []): Promise<Set<string>> {
    const left = new Set(exclude);
    const history = personId === undefined ? undefined : await catalogue.history(personId, { limit: 1e6 });
    for (const event of history?.events ?? []) left.add(event.itemId);
    const ids = new Set<string>();
    for await (const page of catalogue.items()) {
      for (const item of page) if (!item.withdrawn && !left.has(item.id)) ids.add(item.id);
    }
    return ids;
  }
  const best = (found: Neighbour[], limit: number): Neighbour[] =>
    found.sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1)).slice(0, limit);
  const product = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  return {
    users,
    createPartition: async (version) => void partition(version),
    putItemVectors: async (version, { ids, vectors, contentHashes }) => {
      const dims = vectors.length / ids.length;
      for (const [i, id] of ids.entries()) {
        partition(version).set(id, {
          vector: vectors.slice(i * dims, (i + 1) * dims),
          hash: contentHashes[i]!,
        });
      }
    },
    putUserVectors: async (version, { ids, vectors }) => {
      const dims = vectors.length / ids.length;
      for (const [i, id] of ids.entries())
        users.set(`${version} ${id}`, vectors.slice(i * dims, (i + 1) * dims));
    },
    itemHashes: async (version) => new Map([...partition(version)].map(([id, { hash }]) => [id, hash])),
    userHashes: async () => new Map(),
    removeItemVectors: async (version, ids) => {
      for (const id of ids) partition(version).delete(id);
    },
    buildIndex: async (version) => ({ indexed: false, rows: partition(version).size }),
    nearest: async ({ version, vector, limit, personId, exclude }) => {
      const ids = await available(personId, exclude);
      const found = [...partition(version)].filter(([id]) => ids.has(id));
      return best(
        found.map(([itemId, row]) => ({ itemId, score: product(row.vector, vector) })),
        limit,
      );
    },
    scores: async ({ version, vector, itemIds }) => {
      const ids = await available();
      return itemIds.map((id) => {
        const row = partition(version).get(id);
        return row === undefined || !ids.has(id) ? undefined : product(row.vector, vector);
      });
    },
    popular: async ({ limit, personId, exclude }) => {
      const ids = await available(personId, exclude);
      const likes = new Map([...ids].map((id) => [id, 0]));
      for await (const page of catalogue.events()) {
        for (const { itemId, kind } of page) {
          if (kind === "like" && ids.has(itemId)) likes.set(itemId, likes.get(itemId)! + 1);
        }
      }
      return best(
        [...likes].map(([itemId, score]) => ({ itemId, score })),
        limit,
      );
    },
    dropPartition: async (version) => void partitions.delete(version),
  };
}
