import { describe } from "vitest";
import { testAlertStore } from "./alert-store.conformance.ts";
import { createMemoryAlertStore } from "./memory-alert-store.ts";

describe("alerts in memory", () => testAlertStore(async (clock) => createMemoryAlertStore({ clock })));
