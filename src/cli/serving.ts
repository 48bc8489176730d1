import { resolve } from "node:path";
import {
  createPinoLog,
  createPrometheusMetrics,
  openDailyLog,
  type ServerMetrics,
  standardError,
  startServer,
} from "../adapters/node-server/mod.ts";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom, within } from "../base/mod.ts";
import { createServedJobs } from "../jobs/mod.ts";
import {
  createInferenceEngine,
  explorationFromEnv,
  type InferenceEngine,
  valueFromEnv,
  varietyFromEnv,
} from "../recommend/mod.ts";
import { authFromEnv, createService } from "../service/mod.ts";
import { dmmSlicesFromEnv } from "../sync/mod.ts";
import type { CliContext } from "./context.ts";
import { type Stores, withStores } from "./open-stores.ts";
import { wholeNumber } from "./option-values.ts";

/** What {@link serveUntilAborted} is given. */
export interface ServingOptions {
  readonly context: CliContext;
  readonly stores: Stores;
  readonly options: {
    readonly port?: number;
    readonly host?: string;
    readonly quiet?: boolean;
    /** @default stderr */
    readonly logDir?: string;
  };
  /** @default new ones */
  readonly metrics?: ServerMetrics;
  /** Called once the server listens. */
  readonly listening?: (url: string, engine: InferenceEngine) => Promise<void>;
}

/**
 * Opens the stores so that no query keeps an answer waiting for long, and serves from them.
 *
 * @param context Where they are; `FUTAGO_QUERY_TIMEOUT_MS` says how long a query may take.
 * @param options Where to listen.
 */
export async function serveWithBounds(
  context: CliContext,
  options: ServingOptions["options"],
): Promise<void> {
  const metrics = createPrometheusMetrics();
  const timeoutMs = wholeNumber({ min: 1, max: 600_000 })(context.env["FUTAGO_QUERY_TIMEOUT_MS"] || "2000");
  await withStores(context, (stores) => serveUntilAborted({ context, stores, options, metrics }), {
    bounds: { timeoutMs, onBreaker: metrics.breaker },
  });
}

/**
 * Serves until the context's signal is aborted, then finishes what is under way.
 *
 * @param serving Stores and where to listen.
 */
export async function serveUntilAborted(serving: ServingOptions): Promise<void> {
  const { context, stores, options, metrics = createPrometheusMetrics() } = serving;
  const { env, signal } = context;
  const protection = authFromEnv(env, { clock: Date, fetch });
  const port = options.port ?? wholeNumber({ min: 0, max: 65_535 })(env["PORT"] || "8787");
  const host = options.host ?? (env["HOST"] || "127.0.0.1");
  const { catalogue: store, vectors, versions } = stores.database;
  const random = createRandom(Date.now());
  const syncDmm = dmmSlicesFromEnv(env, {
    ...{ store, state: stores.database.sync, vectors, clock: Date, fetch, random },
    quota: stores.database.quotaOf("dmm"),
  });
  const file = options.logDir === undefined ? undefined : openDailyLog(resolve(options.logDir));
  const log = createPinoLog({
    level: options.quiet ? "silent" : "info",
    destination: file ?? standardError(),
  });
  const engine = createInferenceEngine({
    store,
    vectors,
    versions,
    blobs: stores.blobs,
    // One request is one small product: threads would only hand it to and fro.
    runtime: await createOrtRuntime({ threads: 1 }),
    clock: Date,
    value: valueFromEnv(env),
    variety: varietyFromEnv(env),
    exploration: explorationFromEnv(env),
    withoutDatabase: { items: wholeNumber({ min: 0, max: 1000 })(env["FUTAGO_MEMORY_ITEMS"] || "1000") },
    onFallback: (notice) => {
      log.fallback(notice);
      metrics.openFailed(notice);
    },
    observer: {
      ...metrics.engine,
      failed: (link, code) => {
        log.failed(link, code);
        metrics.engine.failed(link, code);
      },
      recovered: (link, code, milliseconds) => {
        log.recovered(link, code, milliseconds);
        metrics.engine.recovered(link, code, milliseconds);
      },
      valuing: (version, lacking) => {
        log.valuing(version, lacking);
        metrics.engine.valuing(version, lacking);
      },
    },
  });
  // Where nothing can be heard, the engine's own look before an answer sees another version within a second.
  const hearing = await stores.database.onModelsChanged(() => {
    engine.refresh().catch(() => {});
  });
  try {
    // Opened before the first request, which would otherwise wait for it. A storage that hangs must not keep the server
    // from answering by other means.
    await within(engine.refresh(), startWaitMs, () => new StillOpening()).catch((error: unknown) => {
      if (!(error instanceof StillOpening)) throw error;
      log.note("the active version is still being opened");
    });
    const service = createService({
      engine,
      store,
      clock: Date,
      ping: () => stores.database.ping(),
      log,
      metrics,
      people: stores.database.people,
      syncDmm,
      runJobs: createServedJobs({ queue: stores.database.jobs, syncDmm, clock: Date, random }),
      ...protection,
    });
    const server = await startServer(service, {
      port,
      host,
      // As systemd hands over the socket of futago.socket: it is the first after the three standard ones.
      descriptor: env["LISTEN_FDS"] === "1" && env["LISTEN_PID"] === `${process.pid}` ? 3 : undefined,
      keyed: protection.authenticator !== undefined,
      clientAddressHeader: env["FUTAGO_CLIENT_ADDRESS_HEADER"] || undefined,
    });
    await (serving.listening ?? (async (url) => context.say(`Listening on ${url}`)))(server.url, engine);
    await aborted(signal);
    await server.close();
  } finally {
    await hearing.close();
    await engine.close();
    await file?.close();
  }
}

/** How long a start waits for the active version, in milliseconds. */
const startWaitMs = 30_000;

class StillOpening extends Error {}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
