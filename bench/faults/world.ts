import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { createFileBlobStore } from "../../src/adapters/blob-fs/mod.ts";
import { createPrometheusMetrics, startServer } from "../../src/adapters/node-server/mod.ts";
import { createOrtRuntime } from "../../src/adapters/ort-node/mod.ts";
import { type Database, openDatabase } from "../../src/adapters/postgres/mod.ts";
import { type BlobStore, FutagoError } from "../../src/base/mod.ts";
import { embedCatalogue } from "../../src/embeddings/mod.ts";
import type { Runtime } from "../../src/onnx/mod.ts";
import { createInferenceEngine, type InferenceEngine } from "../../src/recommend/mod.ts";
import { loadModel } from "../../src/registry/mod.ts";
import { createService } from "../../src/service/mod.ts";
import { type BrokenLine, breakableLine } from "../../tests/broken-line.ts";
import { tinyCatalogue } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";

/** Who serves: limits do not apply to a superuser. */
export const role = "futago_faults";

/** A running server and what of it can be broken. */
export interface World {
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

/**
 * Starts a server over a database of its own, by way of a line that breaks, runs something with it, and removes all of it.
 *
 * @param server Address of a Postgres, of somebody who may create databases.
 * @param use What to do with it.
 */
export async function withWorld(server: string, use: (world: World) => Promise<void>): Promise<void> {
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

/** Lets what serves use everything there is now: a superuser, whom limits do not apply to, cannot be shut out. */
async function admit({ connection }: Database): Promise<void> {
  for (const kind of ["tables", "functions", "sequences"]) {
    await sql`grant all on all ${sql.raw(kind)} in schema public to ${sql.id(role)}`.execute(connection);
  }
}

/** Waits. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
