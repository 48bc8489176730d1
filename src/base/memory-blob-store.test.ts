import { describe } from "vitest";
import { testBlobStore } from "./blob-store.conformance.ts";
import { createMemoryBlobStore } from "./memory-blob-store.ts";

describe("blobs in memory", () => testBlobStore(async () => createMemoryBlobStore()));
