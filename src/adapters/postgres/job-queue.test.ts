import { sql } from "kysely";
import { expect, test } from "vitest";
import { testJobQueue } from "../../jobs/job-queue.conformance.ts";
import { createScheduler } from "../../jobs/mod.ts";
import { describeDatabases } from "./databases.conformance.ts";
import { createJobQueue } from "./job-queue.ts";

describeDatabases("jobs", (open) => {
  testJobQueue(async (clock) => createJobQueue((await open()).connection, { clock }));

  test("[JB8] schedulers of several processes, with a queue each, fire each moment once", async () => {
    const start = Date.UTC(2026, 10, 20, 12);
    const clock = { time: start, now: () => clock.time };
    const { connection } = await open();
    const queues = [1, 2, 3, 4].map(() => createJobQueue(connection, { clock }));
    await sql`delete from job_schedules`.execute(connection);
    const minutely = { kind: "count", payload: {}, cron: "* * * * *", timeZone: "UTC", enabled: true };
    await queues[0]!.putSchedule({ name: "minutely", ...minutely });
    for (let minute = 1; minute <= 3; minute++) {
      clock.time = start + minute * 60_000;
      const ticks = await Promise.all(queues.map((queue) => createScheduler({ queue, clock }).tick()));
      expect(ticks.flat()).toEqual(["minutely"]);
      const [job, other] = await queues[0]!.claim({
        ...{ kinds: [{ kind: "count" }], limit: 10, visibilityMs: 1000, worker: "w" },
      });
      expect(other).toBeUndefined();
      await queues[0]!.finish([job!]);
    }
    expect(await queues[0]!.runs()).toHaveLength(3);
  });
});
