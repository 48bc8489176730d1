import { createMemoryCatalogue } from "../catalogue/mod.ts";
import { createMemorySyncStore } from "./memory-sync-store.ts";
import { testSyncStore } from "./sync-store.conformance.ts";

testSyncStore(async () => {
  const catalogue = createMemoryCatalogue();
  return { catalogue, state: createMemorySyncStore(catalogue) };
});
