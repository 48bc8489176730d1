import { createMemoryBlobStore } from "futago";

/** What examples mean by `blobs`: kept while the examples run. */
export const blobs = createMemoryBlobStore();
