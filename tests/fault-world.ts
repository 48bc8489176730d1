import { createPrometheusMetrics } from "../src/adapters/node-server/mod.ts";
import type { BlobStore } from "../src/base/mod.ts";
import type { Runtime } from "../src/onnx/mod.ts";
import { createInferenceEngine, type InferenceEngineDeps } from "../src/recommend/mod.ts";
import { createService, type RequestEntry, type ServiceDeps } from "../src/service/mod.ts";
import { type TinyStores, tinyWorld } from "./tiny-world.ts";

/** What a test sees of an answer. */
export interface Seen {
  readonly status: number;
  readonly source?: string;
  readonly stale?: boolean;
  readonly code?: string;
  readonly ids: readonly string[];
}

/**
 * A tiny service with metrics, whose stores, storage and runtime may break. `start` makes another one over the same.
 *
 * @param stores As for `tinyWorld`; what breaks them is the caller's.
 * @param broken Puts something breakable before what serves; deploying goes past it.
 */
export function faultWorld(
  stores?: TinyStores,
  broken: {
    readonly blobs?: (blobs: BlobStore) => BlobStore;
    readonly runtime?: (runtime: Runtime) => Runtime;
    readonly stores?: (stores: TinyStores) => TinyStores;
    readonly engine?: Partial<InferenceEngineDeps>;
    readonly service?: Partial<ServiceDeps>;
  } = {},
) {
  const world = tinyWorld(stores);
  const serving = { ...world, ...broken.stores?.(world) };
  const metrics = createPrometheusMetrics(world.clock);
  const logged: RequestEntry[] = [];
  const start = (other: Partial<InferenceEngineDeps> = {}) => {
    const engine = createInferenceEngine({
      ...serving,
      blobs: broken.blobs?.(world.blobs) ?? world.blobs,
      runtime: broken.runtime?.(world.runtime) ?? world.runtime,
      refreshMs: 0,
      retryMs: 0,
      observer: metrics.engine,
      onFallback: metrics.openFailed,
      ...broken.engine,
      ...other,
    });
    const service = createService({
      engine,
      store: serving.store,
      clock: world.clock,
      ping: async () => {},
      metrics,
      log: { request: (entry) => logged.push(entry) },
      ...broken.service,
    });
    const post = async (path: string, body: unknown): Promise<Response> =>
      service.fetch(
        new Request(`http://127.0.0.1/functions/v1/${path}`, {
          method: "POST",
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      );
    const ask = async (user_id = "p00", more: Readonly<Record<string, unknown>> = {}): Promise<Seen> => {
      const answer = await post("two_tower_recommendations", { user_id, limit: 5, ...more });
      const body = (await answer.json()) as {
        readonly source?: string;
        readonly stale?: boolean;
        readonly recommendations?: readonly { readonly video_id: string }[];
        readonly error?: { readonly code: string };
      };
      return {
        status: answer.status,
        ids: body.recommendations?.map(({ video_id }) => video_id) ?? [],
        ...(body.source === undefined ? {} : { source: body.source }),
        ...(body.stale === undefined ? {} : { stale: body.stale }),
        ...(body.error === undefined ? {} : { code: body.error.code }),
      };
    };
    return { engine, service, post, ask };
  };
  /** The value of a metric; 0 where it was never raised. */
  const metric = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const line = (await metrics.expose()).text
      .split("\n")
      .find(
        (text) =>
          (text.startsWith(`${name}{`) || text.startsWith(`${name} `)) &&
          wanted.every((label) => text.includes(label)),
      );
    return line === undefined ? 0 : Number(line.split(" ").at(-1));
  };
  return { ...world, ...start(), start, metric, metrics, logged };
}
