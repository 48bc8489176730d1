import { createInferenceEngine } from "../src/recommend/mod.ts";
import { createService, type RequestEntry, type ServiceDeps } from "../src/service/mod.ts";
import { type TinyStores, tinyWorld } from "./tiny-world.ts";

/** A service over a tiny world, what it logged, and a short way to post JSON to it. */
export function tinyService(options: Partial<ServiceDeps> = {}, stores?: TinyStores) {
  const world = tinyWorld(stores);
  const logged: RequestEntry[] = [];
  const engine = createInferenceEngine({ ...world, refreshMs: 0, retryMs: 0 });
  const service = createService({
    engine,
    store: world.store,
    ...(world.people === undefined ? {} : { people: world.people }),
    clock: world.clock,
    ping: async () => {},
    runJobs: async () => ({ fired: [] }),
    log: { request: (entry) => logged.push(entry) },
    ...options,
  });
  const send = async (
    path: string,
    init: RequestInit,
  ): Promise<{ status: number; body: Body; headers: Headers }> => {
    const response = await service.fetch(new Request(`http://127.0.0.1${path}`, init));
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status,
      body: json ? (JSON.parse(text) as Body) : { text },
      headers: response.headers,
    };
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(path, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  return { ...world, engine, service, logged, send, post };
}

/** What tests read of an answer. */
interface Body {
  readonly text?: string;
  readonly recommendations?: readonly { video_id: string; score: number; rank: number }[];
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly issues: readonly { path: string; expected: string; received: string }[];
  };
  readonly [member: string]: unknown;
}
