import { expect, test } from "vitest";
import { createRandom } from "../src/base/mod.ts";
import { createMemoryJobQueue, createServedJobs } from "../src/jobs/mod.ts";
import type { SyncSummary } from "../src/sync/mod.ts";
import { tinyService } from "./tiny-service.ts";

test("[JB15] run_jobs enqueues what is due, does the syncs among it slice by slice, and leaves the rest to a machine", async () => {
  const clock = { time: Date.UTC(2026, 10, 20, 12), now: () => clock.time };
  const queue = createMemoryJobQueue({ clock });
  const always = { payload: {}, cron: "* * * * *", timeZone: "UTC", enabled: true };
  for (const name of ["retrain", "sync-dmm"]) await queue.putSchedule({ ...always, name, kind: name });
  clock.time += 60_000;
  let slices = 0;
  const syncDmm = async () => {
    const summary = { mode: "incremental", finished: ++slices === 3, pages: 2, rows: 150 };
    return summary as unknown as SyncSummary;
  };
  const runJobs = createServedJobs({ queue, syncDmm, clock, random: createRandom(1) });
  const { post } = tinyService({ runJobs });
  const { status, body } = await post("/functions/v1/run_jobs", {});
  expect(status).toBe(200);
  expect(body["fired"]).toEqual(expect.arrayContaining(["retrain", "sync-dmm"]));
  expect(await queue.list({ kind: "sync-dmm" })).toMatchObject([{ state: "done" }]);
  expect(await queue.runs({ kind: "sync-dmm" })).toMatchObject([{ counts: { pages: 6, rows: 450 } }]);
  expect(await queue.list({ kind: "retrain" })).toMatchObject([{ state: "waiting" }]);
  // Without credentials of the source it is left to others, too.
  clock.time += 60_000;
  const without = createServedJobs({ queue, syncDmm: undefined, clock, random: createRandom(1) });
  expect(await without(1000)).toEqual({ fired: expect.arrayContaining(["sync-dmm"]) });
  expect(await queue.list({ kind: "sync-dmm", state: "waiting" })).toHaveLength(1);
});
