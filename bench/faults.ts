import type { Benchmark, BenchmarkOptions } from "./benchmark.ts";
import { type Fault, faults } from "./faults/list.ts";
import { pause, type World, withWorld } from "./faults/world.ts";

/** What `npm run bench` says of it. */
export const about =
  "each fault against a running server: first answer, its source, recovery, requests lost (--seconds N, --only NAME)";

/** Requests are sent so often, in milliseconds: 50 a second. */
const everyMs = 20;
/** An answer that takes longer counts as lost. */
const patienceMs = 10_000;
/** A fault that has not been recovered from by then never will be. */
const longestRecoveryMs = 60_000;

/** Needs DATABASE_URL, and a role that may create databases. */
export const run: Benchmark = async (options) => {
  const server = process.env["DATABASE_URL"];
  if (server === undefined) {
    options.log("DATABASE_URL is not set: faults of a database need a server to be made on");
    return { skipped: true };
  }
  const seconds = Number(option(options, "--seconds") ?? 5);
  const only = option(options, "--only");
  const chosen = faults.filter(({ name }) => only === undefined || name.includes(only));
  const rows: Readonly<Record<string, unknown>>[] = [];
  await withWorld(server, async (world) => {
    options.log(
      "fault                         first answer           ms  slowest  during                        recovery ms  sent  lost",
    );
    for (const fault of chosen) {
      const row = await measure(world, fault, seconds);
      rows.push(row);
      options.log(
        `${row.fault.padEnd(29)} ${`${row.first.status} ${row.first.source}`.padEnd(20)} ${String(row.first.ms).padStart(5)}  ${String(row.slowestMs).padStart(7)}  ${Object.entries(
          row.during,
        )
          .map(([source, count]) => `${source} ${count}`)
          .join(", ")
          .padEnd(28)}  ${String(row.recoveryMs).padStart(11)}  ${String(row.sent).padStart(4)}  ${row.lost}`,
      );
    }
  });
  return { requestsPerSecond: 1000 / everyMs, seconds, faults: rows };
};

interface Answered {
  readonly sentAt: number;
  readonly ms: number;
  /** 0 where none came. */
  readonly status: number;
  readonly source: string;
}

async function measure(world: World, fault: Fault, seconds: number) {
  // Every viewer is known, as in a service that has run for a while.
  for (const viewer of world.viewers) await ask(world, viewer);
  const answers: Answered[] = [];
  const sent: Promise<void>[] = [];
  let next = 0;
  const timer = setInterval(() => {
    const viewer = world.viewers[next++ % world.viewers.length]!;
    sent.push(ask(world, viewer).then((answer) => void answers.push(answer)));
  }, everyMs);
  try {
    await pause(500);
    await fault.make(world);
    const madeAt = performance.now();
    await pause(seconds * 1000);
    await fault.mend(world);
    const mendedAt = performance.now();
    const recovered = (): Answered | undefined =>
      answers.find(({ sentAt, source }) => sentAt >= mendedAt && source === "two_tower");
    while (recovered() === undefined && performance.now() - mendedAt < longestRecoveryMs) await pause(10);
    const back = recovered();
    clearInterval(timer);
    await Promise.all(sent);
    const during = answers
      .filter(({ sentAt }) => sentAt >= madeAt && sentAt < mendedAt)
      .sort((a, b) => a.sentAt - b.sentAt);
    // The first that felt it; of a fault that nobody feels, the first.
    const first = during.find(({ source }) => source !== "two_tower") ?? during[0]!;
    const counts: Record<string, number> = {};
    for (const { source } of during) counts[source] = (counts[source] ?? 0) + 1;
    return {
      fault: fault.name,
      first: { status: first.status, source: first.source, ms: Math.round(first.ms) },
      slowestMs: Math.round(Math.max(...answers.map(({ ms }) => ms))),
      during: counts,
      recoveryMs: back === undefined ? null : Math.round(back.sentAt + back.ms - mendedAt),
      sent: answers.length,
      lost: answers.filter(({ status }) => status !== 200).length,
    };
  } finally {
    clearInterval(timer);
  }
}

async function ask({ url }: World, user_id: string): Promise<Answered> {
  const sentAt = performance.now();
  try {
    const answer = await fetch(`${url}/functions/v1/two_tower_recommendations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user_id, limit: 20 }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = (await answer.json()) as { source?: string; stale?: true; error?: { code: string } };
    const source = body.error?.code ?? `${body.source}${body.stale ? " (memory)" : ""}`;
    return { sentAt, ms: performance.now() - sentAt, status: answer.status, source };
  } catch {
    return { sentAt, ms: performance.now() - sentAt, status: 0, source: "lost" };
  }
}

function option({ args }: BenchmarkOptions, name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}
