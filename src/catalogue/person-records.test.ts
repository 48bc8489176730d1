import { describe } from "vitest";
import { createMemoryVectorStore } from "../embeddings/mod.ts";
import { testPersonRecords } from "../embeddings/person-records.conformance.ts";
import { createMemoryCatalogue } from "./memory-store.ts";
import { createMemoryPersonRecords } from "./person-records.ts";

describe("records of people in memory", () =>
  testPersonRecords(async () => {
    const catalogue = createMemoryCatalogue();
    const vectors = createMemoryVectorStore(catalogue);
    return { catalogue, vectors, people: createMemoryPersonRecords(catalogue, { vectors }) };
  }));
