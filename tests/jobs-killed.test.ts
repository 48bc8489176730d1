import { describe, expect, test } from "vitest";
import { workThrough } from "./jobs-processes.ts";

const serverUrl = process.env["DATABASE_URL"];

// The embedded database is open in one process at a time.
describe.skipIf(serverUrl === undefined)("jobs over processes that are killed", () => {
  test("[JB9] every job is done, and leaves what doing it once leaves", async () => {
    const jobs = 3000;
    const { effects, done, unfinished, killed, lost } = await workThrough({
      serverUrl: serverUrl!,
      jobs,
      workers: 4,
      killEveryJobs: 500,
      parallel: 20,
    });
    expect({ effects, done, unfinished }).toEqual({ effects: jobs, done: jobs, unfinished: 0 });
    expect(killed).toBeGreaterThan(1);
    expect(lost).toBeGreaterThan(0);
  }, 120_000);
});
