import { describe } from "vitest";
import { createMemoryCatalogue } from "../catalogue/mod.ts";
import { createMemoryVectorStore } from "./memory-vector-store.ts";
import { testVectorStore } from "./vector-store.conformance.ts";

describe("vectors in memory", () =>
  testVectorStore(async () => {
    const catalogue = createMemoryCatalogue();
    return { catalogue, vectors: createMemoryVectorStore(catalogue) };
  }));
