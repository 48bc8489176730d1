import { expect, test } from "vitest";
import type { Clock } from "../base/mod.ts";
import type { ClaimedJob, JobQueue } from "./job-queue.ts";

const start = Date.UTC(2026, 10, 20, 12);

/**
 * What every {@link JobQueue} must do, as tests.
 *
 * @param makeQueue Called once in each test; gives an empty queue that goes by the clock.
 */
export function testJobQueue(makeQueue: (clock: Clock) => Promise<JobQueue>): void {
  const world = async () => {
    const clock = { time: start, now: () => clock.time };
    const queue = await makeQueue(clock);
    const claim = (
      limit = 1,
      kinds: readonly { kind: string; concurrency?: number }[] = [{ kind: "count" }, { kind: "sum" }],
    ): Promise<readonly ClaimedJob[]> => queue.claim({ kinds, limit, visibilityMs: 1000, worker: "w1" });
    return { clock, queue, claim };
  };

  test("the most urgent come first, then the oldest; what is for later or for others waits", async () => {
    const { clock, queue, claim } = await world();
    const ids = await queue.enqueue([
      { kind: "count", payload: { n: 1, text: '天気 "quoted" \\u0000' } },
      { kind: "count", priority: 5 },
      { kind: "sum" },
      { kind: "sum", runAt: start + 60_000 },
      { kind: "of others", priority: 9 },
    ]);
    expect(new Set(ids).size).toBe(5);
    const claimed = await claim(10);
    expect(claimed.map(({ id }) => id)).toEqual([ids[1], ids[0], ids[2]]);
    expect(claimed[1]).toMatchObject({
      attempt: 1,
      kind: "count",
      payload: { n: 1, text: '天気 "quoted" \\u0000' },
      last: false,
    });
    expect(await claim(10)).toEqual([]);
    clock.time += 60_000;
    expect((await claim(10)).map(({ id }) => id)).toContain(ids[3]);
  });

  test("[JB1] a job whose worker was killed is claimed again, and its old claim is worth nothing", async () => {
    const { clock, queue, claim } = await world();
    await queue.enqueue([{ kind: "count" }]);
    const [first] = await claim();
    clock.time += 999;
    expect(await claim()).toEqual([]);
    clock.time += 1;
    const [second] = await claim();
    expect(second).toMatchObject({ id: first!.id, attempt: 2 });
    expect(await queue.finish([first!])).toEqual([]);
    expect(await queue.extend([first!], 1000)).toEqual([]);
    expect(await queue.fail(first!, { code: "late" })).toBeUndefined();
    expect(await queue.finish([second!])).toEqual([{ id: second!.id, attempt: 2 }]);
    expect(await queue.finish([second!])).toEqual([]);
    const runs = await queue.runs();
    expect(runs.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [2, "done"],
      [1, "lost"],
    ]);
  });

  test("a claim that is extended holds on", async () => {
    const { clock, queue, claim } = await world();
    await queue.enqueue([{ kind: "count" }]);
    const [job] = await claim();
    clock.time += 900;
    expect(await queue.extend([job!], 1000)).toEqual([{ id: job!.id, attempt: 1 }]);
    clock.time += 900;
    expect(await claim()).toEqual([]);
    expect(await queue.finish([job!])).toHaveLength(1);
  });

  test("[JB2] of one kind and key one job is pending at a time", async () => {
    const { queue, claim } = await world();
    const [first, again, other] = await queue.enqueue([
      { kind: "count", key: "a" },
      { kind: "count", key: "a" },
      { kind: "sum", key: "a" },
    ]);
    expect([typeof first, again, typeof other]).toEqual(["string", undefined, "string"]);
    const claimed = await claim(10);
    expect(await queue.enqueue([{ kind: "count", key: "a" }])).toEqual([undefined]);
    await queue.finish(claimed);
    expect(await queue.enqueue([{ kind: "count", key: "a" }])).toEqual([expect.any(String)]);
  });

  test("[JB3] a failure is tried again after its pause, three times, then the job is dead until it is retried", async () => {
    const { clock, queue, claim } = await world();
    const [id] = await queue.enqueue([{ kind: "count" }]);
    for (const attempt of [1, 2, 3, 4]) {
      const [job] = await claim();
      expect(job).toMatchObject({ id, attempt, last: attempt === 4 });
      const state = await queue.fail(job!, { code: "storage_failed", retryInMs: 500 });
      expect(state).toBe(attempt === 4 ? "dead" : "waiting");
      expect(await claim()).toEqual([]);
      clock.time += 500;
    }
    expect(await claim()).toEqual([]);
    expect(await queue.list({ state: "dead" })).toMatchObject([
      { id, attempts: 4, errorCode: "storage_failed", finishedAt: start + 1500 },
    ]);
    expect(await queue.stats()).toEqual([{ kind: "count", waiting: 0, running: 0, dead: 1, oldestMs: 0 }]);
    expect(await queue.retry(id!)).toBe(true);
    expect(await queue.retry(id!)).toBe(false);
    expect(await claim()).toMatchObject([{ id, attempt: 5, last: false }]);
  });

  test("a failure that need not be tried again is dead at once", async () => {
    const { queue, claim } = await world();
    await queue.enqueue([{ kind: "count" }]);
    const [job] = await claim();
    expect(await queue.fail(job!, { code: "not_found" })).toBe("dead");
  });

  test("[JB4] a job that kills its workers is dead when its attempts are over", async () => {
    const { clock, queue, claim } = await world();
    const [id] = await queue.enqueue([{ kind: "count", retries: 1 }]);
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(await claim()).toMatchObject([{ id, attempt }]);
      clock.time += 1000;
    }
    expect(await claim()).toEqual([]);
    expect(await queue.list()).toMatchObject([{ id, state: "dead", errorCode: "lost", attempts: 2 }]);
    expect((await queue.runs()).map(({ outcome }) => outcome)).toEqual(["lost", "lost"]);
  });

  test("what a worker gives back is claimed at once, and the attempt does not count", async () => {
    const { queue, claim } = await world();
    const [id] = await queue.enqueue([{ kind: "count", retries: 0 }]);
    const [job] = await claim();
    await queue.release([job!]);
    expect(await queue.finish([job!])).toEqual([]);
    expect(await claim()).toMatchObject([{ id, attempt: 2, last: true }]);
  });

  test("what is cancelled is not done, and whoever does it hears of it when extending", async () => {
    const { queue, claim } = await world();
    const [first, second] = await queue.enqueue([{ kind: "count" }, { kind: "count" }]);
    const [job] = await claim();
    expect(await queue.cancel(first!)).toBe(true);
    expect(await queue.cancel(second!)).toBe(true);
    expect(await queue.cancel(second!)).toBe(false);
    expect(await queue.cancel("no id")).toBe(false);
    expect(await queue.extend([job!], 1000)).toEqual([]);
    expect(await queue.finish([job!])).toEqual([]);
    expect(await claim()).toEqual([]);
    expect((await queue.list({ state: "cancelled" })).map(({ id }) => id)).toEqual([second, first]);
  });

  test("[JB5] of a kind no more run at once than its bound, all workers together", async () => {
    const { clock, queue, claim } = await world();
    await queue.enqueue([
      { kind: "count" },
      { kind: "count" },
      { kind: "count" },
      { kind: "sum", priority: -1 },
    ]);
    const bounded = [{ kind: "count", concurrency: 2 }, { kind: "sum" }];
    expect((await claim(10, bounded)).map(({ kind }) => kind)).toEqual(["count", "count", "sum"]);
    expect(await claim(10, bounded)).toEqual([]);
    const running = await Promise.all([claim(1, bounded), claim(1, bounded)]);
    expect(running).toEqual([[], []]);
    // Those of a killed worker do not count.
    clock.time += 1000;
    expect(await claim(10, bounded)).toHaveLength(3);
  });

  test("a run says what was done, when, by whom and under which model", async () => {
    const { clock, queue, claim } = await world();
    await queue.enqueue([{ kind: "count" }]);
    const [job] = await claim();
    clock.time += 250;
    const result = { counts: { embedded: 3 }, modelVersion: "v1", reason: "worse" };
    await queue.finish([{ ...job!, result }]);
    expect(await queue.runs({ kind: "count" })).toEqual([
      {
        jobId: job!.id,
        attempt: 1,
        kind: "count",
        worker: "w1",
        outcome: "done",
        startedAt: start,
        finishedAt: start + 250,
        errorCode: null,
        ...result,
      },
    ]);
    expect(await queue.runs({ outcome: "failed" })).toEqual([]);
  });

  test("what ended long ago goes, with its runs; what is dead or pending stays", async () => {
    const { clock, queue, claim } = await world();
    await queue.enqueue([{ kind: "count" }, { kind: "count" }, { kind: "count" }]);
    const [done, dead] = await claim(2);
    await queue.finish([done!]);
    await queue.fail(dead!, { code: "not_found" });
    expect(await queue.prune(start)).toBe(0);
    clock.time += 10;
    expect(await queue.prune(start + 1)).toBe(1);
    expect((await queue.list()).map(({ state }) => state)).toEqual(["waiting", "dead"]);
    expect(await queue.runs()).toHaveLength(1);
  });

  test("[JB6] a moment of a schedule fires once, whoever asks, and one job of it is pending", async () => {
    const { clock, queue, claim } = await world();
    const schedule = { name: "nightly", kind: "count", payload: { deep: true }, cron: "0 4 * * *" };
    await queue.putSchedule({ ...schedule, timeZone: "Asia/Tokyo", enabled: true });
    const fired = await Promise.all([1, 2, 3, 4].map(() => queue.fire("nightly", start)));
    expect(fired.filter(Boolean)).toHaveLength(1);
    expect(await queue.fire("nightly", start - 1)).toBe(false);
    expect(await queue.fire("unknown", start)).toBe(false);
    // While the job is pending the next moment passes without another.
    clock.time += 1000;
    expect(await queue.fire("nightly", clock.time)).toBe(true);
    expect(await claim(10)).toMatchObject([{ kind: "count", payload: { deep: true } }]);
    expect((await queue.schedules()).find(({ name }) => name === "nightly")).toEqual({
      ...schedule,
      timeZone: "Asia/Tokyo",
      enabled: true,
      lastTick: clock.time,
      since: start,
    });
    await queue.putSchedule({ ...schedule, timeZone: "Asia/Tokyo", enabled: false });
    expect(await queue.fire("nightly", clock.time + 1)).toBe(false);
    expect(await queue.removeSchedule("nightly")).toBe(true);
    expect(await queue.removeSchedule("nightly")).toBe(false);
  });

  test("what could not be kept is refused", async () => {
    const { queue } = await world();
    await expect(queue.enqueue([{ kind: "" }])).rejects.toThrow(RangeError);
    await expect(queue.enqueue([{ kind: "count", priority: 0.5 }])).rejects.toThrow(RangeError);
    await expect(queue.enqueue([{ kind: "count", retries: -1 }])).rejects.toThrow(RangeError);
  });
}
