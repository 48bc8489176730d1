import {
  createConsoleLog,
  createEdgeHandler,
  type EdgeEnv,
  type EdgeFunction,
  type EdgeSettings,
  readEdgeSettings,
} from "../../src/adapters/edge/mod.ts";
import { type Connection, type EdgeSockets, openEdge } from "../../src/adapters/postgres/server/mod.ts";
import type { Clock } from "../../src/base/mod.ts";
import type { InferenceEngine } from "../../src/recommend/mod.ts";
import { type AnyRoute, authFromEnv, type ServiceDeps, serveRoutes } from "../../src/service/mod.ts";

// Health is the server's: a function answers one route.
const ping = async (): Promise<void> => {};

/** What an edge function is made of: its name, and the platform. */
export interface EdgeFunctionOptions {
  /** Its folder below `supabase/functions`, which is a route of the service. */
  readonly name: string;
  readonly env: EdgeEnv;
  readonly fetch: typeof globalThis.fetch;
  /** `Deno` itself. */
  readonly sockets: EdgeSockets;
  readonly clock: Clock;
}

/** What the dependencies of a route are made from. */
export interface EdgePlatform extends Pick<EdgeFunctionOptions, "env" | "fetch" | "clock"> {
  readonly settings: EdgeSettings;
  readonly db: Connection;
  readonly log: ReturnType<typeof createConsoleLog>;
}

/** The dependencies of a route: only what it asks for, so that nothing else is loaded. */
export type DependenciesOf = (platform: EdgePlatform) => Pick<
  ServiceDeps,
  "store" | "people" | "syncDmm" | "runJobs"
> & {
  /** As much of one as the route asks for. */
  readonly engine: Partial<InferenceEngine>;
};

/**
 * What a file under `supabase/functions` makes its function with: one route over Postgres and Supabase Storage.
 *
 * @param route Of the service.
 * @param dependenciesOf What it works with.
 * @returns Makes the function; nothing is opened before its first request.
 */
export function edgeFunctionOf(
  route: AnyRoute,
  dependenciesOf: DependenciesOf,
): (options: EdgeFunctionOptions) => EdgeFunction {
  return ({ name, env, fetch, sockets, clock }) => {
    const log = createConsoleLog();
    const open = () => {
      const settings = readEdgeSettings(env);
      const auth = authFromEnv(env, { clock, fetch });
      if (auth.authenticator === undefined) {
        throw new TypeError(
          "Cannot start the function as its callers must be known: set SUPABASE_SECRET_KEYS",
        );
      }
      const { db } = openEdge(settings.databaseUrl, {
        sockets,
        caCerts: settings.databaseCaCerts,
        // One request needs one connection at a time; what a project has is shared by all workers of all functions.
        maxConnections: 2,
        bounds: { timeoutMs: settings.queryTimeoutMs, clock },
      });
      const { engine, ...dependencies } = dependenciesOf({ settings, db, log, env, fetch, clock });
      return serveRoutes([route], {
        ...dependencies,
        engine: engine as InferenceEngine,
        ...{ ping, clock, log, ...auth },
      });
    };
    return createEdgeHandler({
      name,
      open,
      onFailure: log.failure,
      clientAddressHeader: env["FUTAGO_CLIENT_ADDRESS_HEADER"] || undefined,
    });
  };
}
