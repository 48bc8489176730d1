import { expect, test } from "vitest";
import { createMemoryJobQueue } from "./memory-job-queue.ts";
import { createScheduler, lastDue, nextDue } from "./scheduler.ts";

// A Friday, 21:00 in Tokyo.
const start = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;
const weekly = { cron: "0 4 * * 0", timeZone: "Asia/Tokyo" };

test("a schedule goes by the clock of its time zone, through summer time too", () => {
  // Sunday 04:00 in Tokyo is Saturday 19:00 UTC.
  expect(nextDue(weekly, start)).toBe(Date.UTC(2026, 10, 21, 19));
  expect(lastDue(weekly, start)).toBe(Date.UTC(2026, 10, 14, 19));
  expect(lastDue(weekly, Date.UTC(2026, 10, 21, 19))).toBe(Date.UTC(2026, 10, 21, 19));
  const berlin = { cron: "0 4 * * *", timeZone: "Europe/Berlin" };
  expect(nextDue(berlin, Date.UTC(2026, 2, 28, 12))).toBe(Date.UTC(2026, 2, 29, 2));
  expect(nextDue(berlin, Date.UTC(2026, 2, 27, 12))).toBe(Date.UTC(2026, 2, 28, 3));
  for (const wrong of [
    { ...weekly, cron: "often" },
    { ...weekly, timeZone: "Nowhere/Land" },
  ]) {
    expect(() => nextDue(wrong, start)).toThrow(/Cannot read the schedule/);
  }
});

test("[JB8] two schedulers fire each moment once, the last of those that were slept through", async () => {
  const clock = { time: start, now: () => clock.time };
  const queue = createMemoryJobQueue({ clock });
  await queue.putSchedule({
    name: "hourly",
    kind: "count",
    payload: {},
    cron: "0 * * * *",
    timeZone: "UTC",
    enabled: true,
  });
  const schedulers = [createScheduler({ queue, clock }), createScheduler({ queue, clock })];
  const tick = async () => (await Promise.all(schedulers.map((each) => each.tick()))).flat();
  expect(await tick()).toEqual([]);
  clock.time = start + hour;
  expect(await tick()).toEqual(["hourly"]);
  expect(await tick()).toEqual([]);
  clock.time = start + 5 * hour + 1;
  expect(await tick()).toEqual(["hourly"]);
  expect(await queue.schedules()).toMatchObject([{ lastTick: start + 5 * hour }]);
  expect(await queue.list()).toHaveLength(1);
});

test("what was due longer ago than the grace and has not been done since is overdue", async () => {
  const clock = { time: start, now: () => clock.time };
  const queue = createMemoryJobQueue({ clock });
  const every = { kind: "count", payload: {}, cron: "*/10 * * * *", timeZone: "UTC", enabled: true };
  await queue.putSchedule({ ...every, name: "often" });
  await queue.putSchedule({ ...every, name: "broken", cron: "61 * * * *" });
  const errors: string[] = [];
  const scheduler = createScheduler({ queue, clock, graceMs: hour, onError: (code) => errors.push(code) });
  clock.time = start + hour;
  expect(await scheduler.overdue()).toEqual([]);
  clock.time = start + hour + 600_000;
  expect(await scheduler.tick()).toEqual(["often"]);
  expect(await scheduler.overdue()).toEqual([{ name: "often", kind: "count", dueAt: start + 600_000 }]);
  const [job] = await queue.claim({ kinds: [{ kind: "count" }], limit: 1, visibilityMs: 1, worker: "w" });
  await queue.finish([job!]);
  expect(await scheduler.overdue()).toEqual([]);
  expect(new Set(errors)).toEqual(new Set(["RangeError"]));
});
