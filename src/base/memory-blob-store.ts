import { checkBlobPath } from "./blob-path.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * Blobs in memory: the reference for what every {@link BlobStore} does.
 *
 * @returns An empty store.
 *
 * @example
 * ```ts
 * import { createMemoryBlobStore } from "futago";
 * const blobs = createMemoryBlobStore();
 * await blobs.write("models/v1/manifest.json", new TextEncoder().encode("{}"));
 * await blobs.list("models/"); // ["models/v1/manifest.json"]
 * ```
 */
export function createMemoryBlobStore(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    read: async (path) => blobs.get(checkBlobPath(path))?.slice(),
    write: async (path, bytes) => {
      blobs.set(checkBlobPath(path), bytes.slice());
    },
    list: async (prefix) => {
      checkBlobPath(prefix, { prefix: true });
      return [...blobs.keys()].filter((path) => path.startsWith(prefix)).sort();
    },
    remove: async (prefix) => {
      checkBlobPath(prefix, { prefix: true });
      for (const path of [...blobs.keys()]) if (path.startsWith(prefix)) blobs.delete(path);
    },
  };
}
