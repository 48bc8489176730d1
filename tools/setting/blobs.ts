import type { BlobStore } from "futago";

const files = new Map<string, Uint8Array>();

/** What examples mean by `blobs`: kept while the examples run. */
export const blobs: BlobStore = {
  read: async (path) => files.get(path),
  write: async (path, bytes) => void files.set(path, bytes.slice()),
  list: async (prefix) => [...files.keys()].filter((path) => path.startsWith(prefix)).sort(),
  remove: async (prefix) => {
    for (const path of [...files.keys()].filter((name) => name.startsWith(prefix))) files.delete(path);
  },
};
