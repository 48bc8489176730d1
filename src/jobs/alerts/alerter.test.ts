import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createRandom, FutagoError } from "../../base/mod.ts";
import { createMemoryJobQueue } from "../memory-job-queue.ts";
import { createScheduler } from "../scheduler.ts";
import { createWorker } from "../worker.ts";
import { parseAlertRules } from "./alert-rules.ts";
import { createAlerter } from "./alerter.ts";
import { createMemoryAlertStore } from "./memory-alert-store.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A receiver over HTTP: keeps what was posted, answers with `status`, and serves `metrics`. */
async function receiver() {
  const state = { posted: [] as { path: string; body: Record<string, unknown> }[], status: 200, metrics: "" };
  const server = createServer((request, response) => {
    if (request.method === "GET") return void response.end(state.metrics);
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      if (state.status === 200) state.posted.push({ path: request.url!, body: JSON.parse(text) });
      response.writeHead(state.status).end("ok");
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, { url });
}

async function world(rules: Record<string, unknown> = {}) {
  const to = await receiver();
  const clock = { time: Date.UTC(2026, 10, 20, 12), now: () => clock.time };
  const queue = createMemoryJobQueue({ clock });
  const options = {
    queue,
    scheduler: createScheduler({ queue, clock }),
    store: createMemoryAlertStore({ clock }),
    destinations: [
      { name: "slack", form: "slack", url: `${to.url}/slack-secret` },
      { name: "webhook", form: "webhook", url: `${to.url}/hook` },
    ],
    rules: parseAlertRules({ metricsUrl: `${to.url}/metrics`, ...rules }),
    fetch,
    clock,
  } as const;
  return { to, clock, queue, options, alerter: createAlerter(options) };
}

test("[AL2] a job that failed after its retries is told to each destination once, and its recovery", async () => {
  const { to, clock, queue, options, alerter } = await world();
  let broken = true;
  const run = async () => {
    if (broken) throw new FutagoError("storage_failed", "Cannot read what viewer-77 liked");
    return undefined;
  };
  const worker = createWorker({ queue, handlers: { retrain: { run } }, name: "w", random: createRandom(1) });
  const work = () => worker.run(new AbortController().signal, { untilEmpty: true });
  await queue.enqueue([{ kind: "retrain", retries: 1 }]);
  await work();
  expect(await alerter.look()).toEqual({ sent: 0, failed: 0 });
  clock.time += 60_000;
  await work();
  // Another process that looks too, and the same one again.
  await Promise.all([alerter.look(), createAlerter(options).look()]);
  await alerter.look();
  expect(to.posted).toHaveLength(2);
  expect(to.posted.find(({ path }) => path === "/hook")!.body).toEqual({
    alert: "job_failed retrain",
    state: "broken",
    text: "Job retrain failed after its retries (storage_failed): futago jobs list --state dead",
    at: "2026-11-20T12:01:00.000Z",
  });
  broken = false;
  clock.time += 1000;
  await queue.enqueue([{ kind: "retrain" }]);
  await work();
  expect(await alerter.look()).toEqual({ sent: 2, failed: 0 });
  expect(await alerter.look()).toEqual({ sent: 0, failed: 0 });
  expect(to.posted.slice(2).map(({ path }) => path)).toEqual(["/slack-secret", "/hook"]);
  expect(to.posted[2]!.body).toMatchObject({ text: expect.stringContaining("Works again") });
  expect(to.posted[3]!.body).toMatchObject({ state: "recovered" });
  expect(JSON.stringify(to.posted.map(({ body }) => body))).not.toMatch(/viewer-77|secret/);
});

test("[AL3] a receiver that fails disturbs nothing, and is told later", async () => {
  const { to, clock, queue, alerter } = await world({ jobOverdueMinutes: 60 });
  to.status = 500;
  const daily = { name: "nightly", kind: "prune", payload: {}, cron: "0 * * * *", timeZone: "UTC" };
  await queue.putSchedule({ ...daily, enabled: true });
  clock.time += 2 * 3_600_000 + 1;
  expect(await alerter.look()).toEqual({ sent: 0, failed: 2 });
  expect(await alerter.look()).toEqual({ sent: 0, failed: 0 });
  to.status = 200;
  clock.time += 60_000;
  expect(await alerter.look()).toEqual({ sent: 2, failed: 0 });
  expect(to.posted[1]!.body).toMatchObject({ alert: "job_overdue nightly" });
});

test("a database that does not answer is told of without it, and when it answers again", async () => {
  const { to, options } = await world();
  let down = true;
  const queue = {
    ...options.queue,
    stats: () =>
      down
        ? Promise.reject(new FutagoError("database_unreachable", "Cannot reach it"))
        : options.queue.stats(),
  };
  const alerter = createAlerter({ ...options, queue });
  expect(await alerter.look()).toEqual({ sent: 0, failed: 0 });
  expect(await alerter.look()).toEqual({ sent: 2, failed: 0 });
  expect(await alerter.look()).toEqual({ sent: 0, failed: 0 });
  down = false;
  expect(await alerter.look()).toEqual({ sent: 2, failed: 0 });
  expect(to.posted.map(({ body }) => body["state"]).filter(Boolean)).toEqual(["broken", "recovered"]);
});

test("a used up quota is told, and what is above its bounds since the last look", async () => {
  const { to, clock, queue, alerter } = await world({ latencyMs: 100, fallbackRate: 0.1 });
  const metrics = (fast: number, slow: number, fallbacks: number): string =>
    [
      "# HELP futago_request_seconds Time to answer",
      `futago_request_seconds_bucket{le="0.05",route="/functions/v1/two_tower_recommendations",status="200"} ${fast}`,
      `futago_request_seconds_bucket{le="0.5",route="/functions/v1/two_tower_recommendations",status="200"} ${fast + slow}`,
      `futago_request_seconds_bucket{le="+Inf",route="/functions/v1/two_tower_recommendations",status="200"} ${fast + slow}`,
      `futago_request_seconds_bucket{le="+Inf",route="/functions/v1/events",status="200"} 100000`,
      `futago_answers_total{source="two_tower",model_version="v1"} ${fast + slow}`,
      `futago_fallbacks_total{source="popularity",code="bundle_corrupt"} ${fallbacks}`,
    ].join("\n");
  const names = () => to.posted.filter(({ path }) => path === "/hook").map(({ body }) => body["alert"]);
  to.metrics = metrics(1000, 0, 0);
  await alerter.look();
  to.metrics = metrics(1100, 0, 0);
  await alerter.look();
  expect(names()).toEqual([]);
  to.metrics = metrics(1150, 50, 40);
  await alerter.look();
  expect(names()).toEqual(["latency", "fallback_rate"]);
  // A server that cannot be asked is no recovery.
  to.metrics = "";
  await alerter.look();
  await queue.enqueue([{ kind: "sync" }]);
  const [job] = await queue.claim({ kinds: [{ kind: "sync" }], limit: 1, visibilityMs: 1, worker: "w" });
  await queue.fail(job!, { code: "source_exhausted", retryInMs: 1000 });
  clock.time += 1;
  await alerter.look();
  expect(names()).toEqual(["latency", "fallback_rate", "quota_exhausted sync"]);
  expect(to.posted.at(-1)!.body).toMatchObject({ state: "broken" });
});

test("rules that cannot be meant are refused by name", () => {
  expect(() => parseAlertRules({ latency: 5 })).toThrow(TypeError);
  expect(() => parseAlertRules({ fallbackRate: 2 })).toThrow(/fallbackRate/);
});
