import { describe } from "vitest";
import { testVectorStore } from "../../embeddings/vector-store.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";

describeDatabases("vectors", (open) => {
  describe("by exact search", () => testVectorStore(() => open()));
  // Every partition indexed, however small: the same answers through HNSW.
  describe("by index", () => testVectorStore(() => open({ indexFromRows: 1 })));
});
