import "./jitless.ts";
import { createSupabaseBlobStore } from "../../src/adapters/blob-supabase/mod.ts";
import {
  createConsoleLog,
  createEdgeHandler,
  type EdgeEnv,
  type EdgeFunction,
  readEdgeSettings,
} from "../../src/adapters/edge/mod.ts";
import { openServerStores } from "../../src/adapters/postgres/server/mod.ts";
import { type Clock, createRandom } from "../../src/base/mod.ts";
import { createServedJobs } from "../../src/jobs/mod.ts";
import { createPortableRuntime } from "../../src/onnx/mod.ts";
import {
  createInferenceEngine,
  explorationFromEnv,
  valueFromEnv,
  varietyFromEnv,
} from "../../src/recommend/mod.ts";
import { authFromEnv, createService, type Service } from "../../src/service/mod.ts";
import { dmmSlicesFromEnv } from "../../src/sync/mod.ts";

/** What an edge function is made of: its name, and the platform. */
export interface EdgeFunctionOptions {
  /** Its folder below `supabase/functions`, which is a route of the service. */
  readonly name: string;
  readonly env: EdgeEnv;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/**
 * An edge function over Postgres and Supabase Storage, as the files under `supabase/functions` export it.
 *
 * @param options Its name and the platform.
 * @returns The function; nothing is opened before its first request.
 */
export function createEdgeFunction(options: EdgeFunctionOptions): EdgeFunction {
  const log = createConsoleLog();
  return createEdgeHandler({
    name: options.name,
    open: () => openService(options, log),
    onFailure: log.failure,
    clientAddressHeader: options.env["FUTAGO_CLIENT_ADDRESS_HEADER"] || undefined,
  });
}

function openService(
  { env, fetch, clock }: EdgeFunctionOptions,
  log: ReturnType<typeof createConsoleLog>,
): Service {
  const { databaseUrl, storage, queryTimeoutMs, memoryItems } = readEdgeSettings(env);
  const auth = authFromEnv(env, { clock, fetch });
  if (auth.authenticator === undefined) {
    throw new TypeError("Cannot start the function as its callers must be known: set SUPABASE_SECRET_KEYS");
  }
  // One request needs one connection at a time; what a project has is shared by all workers of all functions.
  const database = openServerStores(databaseUrl, {
    maxConnections: 2,
    bounds: { timeoutMs: queryTimeoutMs, clock },
  });
  const { catalogue: store, vectors, versions, people } = database;
  const engine = createInferenceEngine({
    store,
    vectors,
    versions,
    blobs: createSupabaseBlobStore({ ...storage, fetch }),
    runtime: createPortableRuntime(),
    itemTower: "when_asked",
    value: valueFromEnv(env),
    variety: varietyFromEnv(env),
    exploration: explorationFromEnv(env),
    withoutDatabase: { items: memoryItems },
    clock,
    onFallback: log.fallback,
    observer: log,
  });
  const random = createRandom(clock.now());
  const syncDmm = dmmSlicesFromEnv(env, {
    ...{ store, state: database.sync, vectors, clock, fetch, random },
    quota: database.quotaOf("dmm"),
  });
  const runJobs = createServedJobs({ queue: database.jobs, syncDmm, clock, random });
  const ping = () => database.ping();
  return createService({ engine, store, people, clock, ping, log, syncDmm, runJobs, ...auth });
}
