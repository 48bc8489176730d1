import { describe } from "vitest";
import { testJobQueue } from "./job-queue.conformance.ts";
import { createMemoryJobQueue } from "./memory-job-queue.ts";

describe("jobs in memory", () => testJobQueue(async (clock) => createMemoryJobQueue({ clock })));
