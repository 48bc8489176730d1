import { createMemoryStudyStore } from "./memory-study-store.ts";
import { testStudyStore } from "./study-store.conformance.ts";

testStudyStore(async () => createMemoryStudyStore());
