import { describe } from "vitest";
import { createMemoryVersionStore } from "./memory-version-store.ts";
import { testVersionStore } from "./version-store.conformance.ts";

describe("versions in memory", () => testVersionStore(async () => createMemoryVersionStore()));
