import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { createPrometheusMetrics, startServer } from "../src/adapters/node-server/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { type BlobStore, FutagoError } from "../src/base/mod.ts";
import { embedCatalogue } from "../src/embeddings/mod.ts";
import type { Runtime } from "../src/onnx/mod.ts";
import { createInferenceEngine, type InferenceEngine } from "../src/recommend/mod.ts";
import { loadModel } from "../src/registry/mod.ts";
import { createService } from "../src/service/mod.ts";
import { type BrokenLine, breakableLine } from "../tests/broken-line.ts";
import { tinyCatalogue } from "../tests/tiny-model.ts";
import { tinyWorld } from "../tests/tiny-world.ts";
import type { Benchmark, BenchmarkOptions } from "./benchmark.ts";

/** What `npm run bench` says of it. */
export const about =
  "each fault against a running server: first answer, its source, recovery, requests lost (--seconds N, --only NAME)";

/** Requests are sent so often, in milliseconds: 50 a second. */
const everyMs = 20;
/** An answer that takes longer counts as lost. */
const patienceMs = 10_000;
/** A fault that has not been recovered from by then never will be. */
const longestRecoveryMs = 60_000;

const role = "futago_faults";

/** A running server and what of it can be broken. */
interface World {
  readonly url: string;
  readonly viewers: readonly string[];
  readonly line: BrokenLine;
  readonly admin: Database;
  readonly owner: Database;
  readonly name: string;
  readonly storage: { mode: "works" | "fails" | "hangs" };
  readonly memory: { enough: boolean };
  /** Opens the active version anew, as a restart would. */
  readonly reopen: () => Promise<void>;
  readonly file: (name: string) => string;
  readonly version: string;
  readonly embed: () => Promise<void>;
}

interface Fault {
  readonly name: string;
  readonly make: (world: World) => Promise<unknown>;
  /** Takes the cause away; what was broken in the engine must find out by itself. */
  readonly mend: (world: World) => Promise<unknown>;
}

function bundleFault(name: string, make: (file: World["file"]) => Promise<void>): Fault {
  let whole: ReadonlyMap<string, Uint8Array>;
  const files = ["manifest.json", "user_tower.onnx", "item_tower.onnx"];
  return {
    name: `bundle ${name}`,
    make: async ({ file, reopen }) => {
      whole = new Map(
        await Promise.all(files.map(async (each) => [each, await readFile(file(each))] as const)),
      );
      await make(file);
      await reopen();
    },
    mend: async ({ file }) => {
      for (const [each, bytes] of whole) await writeFile(file(each), bytes);
    },
  };
}

const faults: readonly Fault[] = [
  bundleFault("missing", (file) => rm(file("manifest.json"))),
  bundleFault("truncated", (file) => truncate(file("user_tower.onnx"), 100)),
  bundleFault("bit-flipped", async (file) => {
    const bytes = await readFile(file("item_tower.onnx"));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file("item_tower.onnx"), bytes);
  }),
  bundleFault("of another schema", async (file) => {
    const manifest = JSON.parse(await readFile(file("manifest.json"), "utf8")) as object;
    await writeFile(
      file("manifest.json"),
      JSON.stringify({ ...manifest, featureSchemaHash: "0".repeat(64) }),
    );
  }),
  {
    name: "storage down",
    make: async ({ storage, reopen }) => {
      storage.mode = "fails";
      await reopen();
    },
    mend: async ({ storage }) => {
      storage.mode = "works";
    },
  },
  {
    name: "storage hangs",
    make: async ({ storage, reopen }) => {
      storage.mode = "hangs";
      await reopen();
    },
    mend: async ({ storage }) => {
      storage.mode = "works";
    },
  },
  {
    name: "executor out of memory",
    make: async ({ memory }) => {
      memory.enough = false;
    },
    mend: async ({ memory }) => {
      memory.enough = true;
    },
  },
  { name: "database down", make: ({ line }) => line.cut(), mend: ({ line }) => line.mend() },
  { name: "database frozen", make: ({ line }) => line.freeze(), mend: ({ line }) => line.mend() },
  { name: "database slow (5 s)", make: ({ line }) => line.slow(5000), mend: ({ line }) => line.mend() },
  {
    name: "database read-only",
    make: async (world) => {
      await alter(world, "set default_transaction_read_only = on");
      await disconnect(world);
    },
    mend: async (world) => {
      await alter(world, "reset default_transaction_read_only");
      await disconnect(world);
    },
  },
  {
    name: "database without connections",
    make: async (world) => {
      await alter(world, "connection limit 0");
      await disconnect(world);
    },
    mend: (world) => alter(world, "connection limit -1"),
  },
  {
    name: "partition without its index",
    make: async ({ owner, version }) =>
      sql`drop index ${sql.table(`${await tableOf(owner, version)}_hnsw`)}`.execute(owner.connection),
    mend: ({ owner, version }) => owner.vectors.buildIndex(version),
  },
  {
    name: "partition dropped",
    make: ({ owner, version }) => owner.vectors.dropPartition(version),
    mend: ({ embed }) => embed(),
  },
];

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

async function withWorld(server: string, use: (world: World) => Promise<void>): Promise<void> {
  const name = `futago_bench_faults_${process.pid}`;
  const of = (address: string, user?: string): string => {
    const url = new URL(address);
    url.pathname = `/${name}`;
    if (user !== undefined) url.username = url.password = user;
    return url.href;
  };
  const admin = await openDatabase({ url: server }, { migrate: false, maxConnections: 1 });
  const folder = await mkdtemp(join(tmpdir(), "futago-bench-faults-"));
  const line = await breakableLine(server);
  await sql`do $$ begin
    if not exists (select from pg_roles where rolname = 'futago_faults') then
      create role futago_faults login bypassrls password 'futago_faults';
    end if;
  end $$`.execute(admin.connection);
  await sql`create database ${sql.id(name)}`.execute(admin.connection);
  // Opened before anything breaks; it goes past the line.
  const owner = await openDatabase({ url: of(server) }, { maxConnections: 1, indexFromRows: 10 });
  try {
    const { items, people, events } = tinyCatalogue();
    await owner.catalogue.putBatch({ items, people, events });
    const { catalogue: store, vectors, versions } = owner;
    const made = tinyWorld({ store, vectors, versions });
    await made.deploy(1);
    const version = await made.deploy(2);
    await admit(owner);
    const files = createFileBlobStore(folder);
    for (const path of await made.blobs.list("models/"))
      await files.write(path, (await made.blobs.read(path))!);
    const storage: World["storage"] = { mode: "works" };
    const memory = { enough: true };
    const metrics = createPrometheusMetrics();
    const served = await openDatabase(
      { url: of(line.url, role) },
      { migrate: false, bounds: { timeoutMs: 2000, onBreaker: metrics.breaker } },
    );
    const deps = {
      store: served.catalogue,
      vectors: served.vectors,
      versions: served.versions,
      blobs: breakableStorage(files, storage),
      runtime: forgetfulRuntime(await createOrtRuntime({ threads: 1 }), memory),
      clock: Date,
      observer: metrics.engine,
      onFallback: metrics.openFailed,
    };
    let engine = createInferenceEngine(deps);
    await engine.refresh();
    // The engine of the moment, so that one can be started anew under the same server.
    const current = new Proxy({} as InferenceEngine, {
      get: (_, method) => Reflect.get(engine, method) as unknown,
    });
    const service = createService({
      engine: current,
      store: served.catalogue,
      clock: Date,
      ping: () => served.ping(),
      metrics,
    });
    const running = await startServer(service, { port: 0, host: "127.0.0.1", keyed: false });
    try {
      await use({
        url: running.url,
        // The last has no confirmed age, the one before no history.
        viewers: people.slice(0, -2).map(({ id }) => id),
        line,
        admin,
        owner,
        name,
        storage,
        memory,
        version,
        file: (file) => join(folder, "models", version, file),
        reopen: async () => {
          const before = engine;
          engine = createInferenceEngine(deps);
          // Not awaited: answers that are under way hold what they have.
          void before.close();
        },
        embed: async () => {
          const model = await loadModel(made, version);
          await embedCatalogue({ towers: model.towers, version, store, vectors });
          await model.close();
          await admit(owner);
        },
      });
    } finally {
      await running.close();
      await engine.close();
      await served.close();
    }
  } finally {
    await owner.close();
    await line.close();
    await rm(folder, { recursive: true });
    await sql`drop database ${sql.id(name)} with (force)`.execute(admin.connection);
    await admin.close();
  }
}

function breakableStorage(blobs: BlobStore, storage: World["storage"]): BlobStore {
  return {
    ...blobs,
    read: async (path) => {
      while (storage.mode === "hangs") await pause(20);
      if (storage.mode === "fails") throw new FutagoError("storage_failed", "Cannot read as it is down");
      return blobs.read(path);
    },
  };
}

function forgetfulRuntime(runtime: Runtime, memory: { readonly enough: boolean }): Runtime {
  return {
    ...runtime,
    load: async (model, options) => {
      const session = await runtime.load(model, options);
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        close: () => session.close(),
        run: (inputs, outputs) =>
          memory.enough ? session.run(inputs, outputs) : Promise.reject(new RangeError("std::bad_alloc")),
      };
    },
  };
}

async function tableOf({ connection }: Database, version: string): Promise<string> {
  const row = await connection
    .selectFrom("embedding_partitions")
    .select("videos_table")
    .where("model_version", "=", version)
    .executeTakeFirstOrThrow();
  return row.videos_table;
}

const alter = ({ admin, name }: World, what: string) =>
  sql`alter database ${sql.id(name)} ${sql.raw(what)}`.execute(admin.connection);

/** Ends the connections of what serves. */
const disconnect = ({ admin, name }: World) =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = ${name} and usename = ${role}`.execute(admin.connection);

/** Lets what serves use everything there is now: a superuser, whom limits do not apply to, cannot be shut out. */
async function admit({ connection }: Database): Promise<void> {
  for (const kind of ["tables", "functions", "sequences"]) {
    await sql`grant all on all ${sql.raw(kind)} in schema public to ${sql.id(role)}`.execute(connection);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function option({ args }: BenchmarkOptions, name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}
