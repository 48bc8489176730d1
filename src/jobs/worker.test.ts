import { expect, test } from "vitest";
import { createRandom, FutagoError } from "../base/mod.ts";
import { createMemoryJobQueue } from "./memory-job-queue.ts";
import { createWorker, type JobEnd, type JobHandler, type WorkerOptions } from "./worker.ts";

function world(handlers: Readonly<Record<string, JobHandler>>, more: Partial<WorkerOptions> = {}) {
  const clock = { time: Date.UTC(2026, 10, 20), now: () => clock.time };
  const queue = createMemoryJobQueue({ clock });
  const ends: JobEnd[] = [];
  const worker = createWorker({
    queue,
    handlers,
    name: "w1",
    random: createRandom(1),
    clock,
    onEnd: (end) => ends.push(end),
    ...more,
  });
  const empty = () => worker.run(new AbortController().signal, { untilEmpty: true });
  return { clock, queue, ends, worker, empty };
}

test("every job is done, several at once, and others' are left", async () => {
  let [atOnce, most] = [0, 0];
  const seen: unknown[] = [];
  const { queue, empty } = world(
    {
      note: {
        run: async ({ job }) => {
          most = Math.max(most, ++atOnce);
          await Promise.resolve();
          seen.push(job.payload["n"]);
          atOnce--;
          return { counts: { n: 1 } };
        },
      },
    },
    { parallel: 8 },
  );
  await queue.enqueue(Array.from({ length: 100 }, (_, n) => ({ kind: "note", payload: { n } })));
  await queue.enqueue([{ kind: "others" }]);
  await empty();
  expect(seen.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(most).toBe(8);
  expect(await queue.stats()).toMatchObject([{ kind: "others", waiting: 1 }]);
});

test("jobs that take long keep nobody from the places that are left", async () => {
  const ended: string[] = [];
  const held: (() => void)[] = [];
  const { queue, empty } = world(
    {
      long: { run: () => new Promise((resolve) => held.push(() => resolve(undefined))) },
      short: {
        run: async () => {
          ended.push("short");
          if (ended.length === 5) for (const release of held) release();
          return undefined;
        },
      },
    },
    { parallel: 4, idleMs: 5 },
  );
  await queue.enqueue(Array.from({ length: 3 }, () => ({ kind: "long", priority: 1 })));
  await queue.enqueue(Array.from({ length: 5 }, () => ({ kind: "short" })));
  await empty();
  expect(ended).toHaveLength(5);
  expect((await queue.stats()).length).toBe(0);
});

test("a failure is recorded by its code without its words, and tried again after longer and longer pauses", async () => {
  const { clock, queue, ends, empty } = world({
    break: {
      run: async () => {
        throw new FutagoError("storage_failed", "Cannot read the file of person-1234");
      },
    },
    fault: { run: () => Promise.reject(new TypeError("person-1234 is undefined")) },
  });
  await queue.enqueue([{ kind: "break" }]);
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    await empty();
    const [job] = await queue.list();
    pauses.push(job!.visibleAt - clock.time);
    clock.time = Math.max(clock.time, job!.visibleAt);
  }
  expect(ends.map(({ outcome, code }) => [outcome, code])).toEqual([
    ...Array.from({ length: 3 }, () => ["retrying", "storage_failed"]),
    ["dead", "storage_failed"],
  ]);
  for (const [n, pause] of pauses.slice(0, 3).entries()) {
    expect(pause).toBeGreaterThanOrEqual(7500 * 2 ** n);
    expect(pause).toBeLessThanOrEqual(12_500 * 2 ** n);
  }
  await queue.enqueue([{ kind: "fault" }]);
  await empty();
  expect(ends.at(-1)).toMatchObject({ code: "TypeError" });
  expect(JSON.stringify([await queue.list(), await queue.runs(), ends])).not.toContain("1234");
});

test("a failure that says when to ask again is tried again then", async () => {
  const retryAt = Date.UTC(2026, 10, 21);
  const { queue, empty } = world({
    sync: {
      run: () => Promise.reject(new FutagoError("source_exhausted", "Cannot ask", { details: { retryAt } })),
    },
  });
  await queue.enqueue([{ kind: "sync" }]);
  await empty();
  expect(await queue.list()).toMatchObject([{ state: "waiting", visibleAt: retryAt }]);
});

test("[JB7] told to stop, a worker finishes what cannot be left and gives back what can", async () => {
  const stop = new AbortController();
  const { queue, ends, worker } = world(
    {
      short: {
        run: async ({ signal }) => {
          stop.abort();
          expect(signal.aborted).toBe(true);
          return undefined;
        },
      },
      long: {
        run: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new FutagoError("cancelled", "Cannot go on")));
          }),
      },
    },
    { parallel: 2 },
  );
  await queue.enqueue([{ kind: "long", retries: 0 }, { kind: "short" }]);
  await worker.run(stop.signal);
  expect(ends.map(({ kind, outcome }) => [kind, outcome]).sort()).toEqual([
    ["long", "released"],
    ["short", "done"],
  ]);
  expect(await queue.list({ state: "waiting" })).toMatchObject([{ kind: "long" }]);
});

test("a job that is cancelled while it runs is told so by its heartbeat, and the worker goes on", async () => {
  const { queue, ends, empty } = world(
    {
      long: {
        run: async ({ job, signal }) => {
          await queue.cancel(job.id);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return undefined;
        },
      },
    },
    { visibilityMs: 30 },
  );
  await queue.enqueue([{ kind: "long" }]);
  await empty();
  expect(ends).toMatchObject([{ outcome: "overtaken" }]);
  expect(await queue.list()).toMatchObject([{ state: "cancelled" }]);
});

test("a queue that does not answer for a while ends no worker", async () => {
  let done = 0;
  const memory = createMemoryJobQueue({ clock: Date });
  let failures = 2;
  const queue = {
    ...memory,
    claim: (...given: Parameters<typeof memory.claim>) =>
      failures-- > 0
        ? Promise.reject(new FutagoError("database_unreachable", "Cannot reach"))
        : memory.claim(...given),
  };
  const codes: string[] = [];
  await queue.enqueue([{ kind: "count" }]);
  await createWorker({
    queue,
    handlers: { count: { run: async () => void done++ as undefined } },
    name: "w1",
    random: createRandom(1),
    idleMs: 1,
    onQueueError: (code) => codes.push(code),
  }).run(new AbortController().signal, { untilEmpty: true });
  expect(done).toBe(1);
  expect(codes).toEqual(["database_unreachable", "database_unreachable"]);
});
