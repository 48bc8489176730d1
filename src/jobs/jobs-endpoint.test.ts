import { expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { createJobsEndpoint } from "./jobs-endpoint.ts";
import { createMemoryJobQueue } from "./memory-job-queue.ts";
import { createScheduler } from "./scheduler.ts";
import { createWorker } from "./worker.ts";

test("[JB12] a call with the key fires what is due and does what waits; without it nothing happens", async () => {
  const clock = { time: Date.UTC(2026, 10, 20, 12), now: () => clock.time };
  const queue = createMemoryJobQueue({ clock });
  const hourly = { name: "count", kind: "count", payload: {}, cron: "0 * * * *", timeZone: "UTC" };
  await queue.putSchedule({ ...hourly, enabled: true });
  clock.time += 3_600_000;
  let done = 0;
  const run = async () => {
    done++;
    return undefined;
  };
  const worker = createWorker({ queue, handlers: { count: { run } }, name: "edge", random: createRandom(1) });
  const scheduler = createScheduler({ queue, clock });
  const answer = createJobsEndpoint({ scheduler, worker, keys: ["secret"] });
  const call = (method: string, apikey: string) =>
    answer(new Request("https://jobs.example/run", { method, headers: { apikey } }));
  expect((await call("POST", "guess")).status).toBe(401);
  expect((await call("GET", "secret")).status).toBe(405);
  expect(done).toBe(0);
  expect(await (await call("POST", "secret")).json()).toEqual({ fired: ["count"] });
  expect(await (await call("POST", "secret")).json()).toEqual({ fired: [] });
  expect(done).toBe(1);
  expect(() => createJobsEndpoint({ scheduler, worker, keys: [""] })).toThrow(RangeError);
});
