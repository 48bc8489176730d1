import { Hono, type Context as HonoContext } from "hono";
import { createAdmission } from "./auth/admission.ts";
import type { Authenticator, Caller } from "./auth/caller.ts";
import type { RateLimit } from "./auth/rate-limiter.ts";
import { type CorsOptions, createCors } from "./cors.ts";
import { homePage } from "./home-page.ts";
import { faultOf, type Metrics, type RequestEntry, type RequestLog, silentLog } from "./observe.ts";
import { Problem, problemOf, statusOf } from "./problem.ts";
import { readJson } from "./read-json.ts";
import { readiness } from "./readiness.ts";
import type { Route, RouteDeps } from "./route.ts";
import { validate } from "./validate.ts";

/** What a service works with. */
export interface ServiceDeps extends RouteDeps {
  /** Resolves while the database answers. */
  readonly ping: () => Promise<void>;
  /** Absent: everybody may ask; only for a service that nobody but this machine can reach. */
  readonly authenticator?: Authenticator;
  /** Absent: no page of another origin may ask. */
  readonly cors?: CorsOptions;
  /** Absent: callers may ask as often as they like. */
  readonly rateLimit?: RateLimit;
  readonly log?: RequestLog;
  /** Absent: `/metrics` is not there. */
  readonly metrics?: Metrics;
  /** Bytes of a body. @default 1048576 */
  readonly maxBodyBytes?: number;
  /** Names a request that does not bring a name. @default random UUIDs */
  readonly newRequestId?: () => string;
}

/** The HTTP interface as a function, for any server, any edge and any test. */
export interface Service {
  /**
   * Answers a request. Never throws: whatever goes wrong is an answer with a code.
   *
   * @param request Any request.
   * @param origin What is known of where it comes from.
   * @returns The answer, JSON but for `/` and `/metrics`.
   */
  fetch(request: Request, origin?: RequestOrigin): Promise<Response>;
}

/** What only the server that took a request knows of it. */
export interface RequestOrigin {
  /**
   * The other end of the connection, by which callers who are refused are counted. No header is believed here: behind a
   * proxy, hand in what the proxy is known to have written.
   */
  readonly clientAddress?: string | undefined;
}

/** One route of `routes`, whatever it takes. */
export type AnyRoute = Pick<Route<never, never>, "path" | "name" | "needs">;

interface Environment {
  Variables: { context: Context };
  Bindings: RequestOrigin;
}

interface Context {
  requestId: string;
  route: string;
  seen: {
    caller?: Caller["kind"];
    source?: string;
    modelVersion?: string | null;
    code?: string;
    fault?: string;
  };
}

/**
 * Serves some routes over HTTP, and what belongs to every service: who may ask, the log, the description, health.
 *
 * @param routes Of `allRoutes`; those whose needs are not met are left out.
 * @param deps Engine, store, and how it is protected and observed.
 * @returns The service.
 */
export function serveRoutes(routes: readonly AnyRoute[], deps: ServiceDeps): Service {
  const { log = silentLog, metrics, maxBodyBytes = 1_048_576 } = deps;
  const admit = createAdmission({
    authenticator: deps.authenticator,
    rateLimit: deps.rateLimit,
    clock: deps.clock,
  });
  const cors = createCors(deps.cors);
  const newRequestId = deps.newRequestId ?? (() => crypto.randomUUID());
  const app = new Hono<Environment>();

  app.use(async (c, next) => {
    const began = deps.clock.now();
    const given = c.req.header("x-request-id") ?? "";
    const requestId = /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : newRequestId();
    const context: Context = { requestId, route: "unknown", seen: {} };
    c.set("context", context);
    await next();
    c.header("x-request-id", requestId);
    c.header("cache-control", "no-store");
    for (const [name, value] of Object.entries(cors.headers(c.req.raw))) c.header(name, value);
    const entry: RequestEntry = {
      requestId,
      method: c.req.method.slice(0, 16),
      route: context.route,
      status: c.res.status,
      milliseconds: deps.clock.now() - began,
      ...context.seen,
    };
    log.request(entry);
    metrics?.observe(entry);
  });

  app.onError((error, c) => {
    const context = c.get("context");
    const { status, code, message, issues, headers } = problemOf(error);
    context.seen.code = code;
    if (code === "internal") context.seen.fault = faultOf(error);
    const body = { error: { code, message, issues }, request_id: context.requestId };
    return Response.json(body, { status, headers });
  });

  function mount<Input, Output>(route: Route<Input, Output>): void {
    app.post(route.path, async (c) => {
      const context = c.get("context");
      context.route = route.name;
      const caller = await identify(c, route.callers);
      const input = validate(route.request, await readJson(c.req.raw, maxBodyBytes));
      const { body, source, modelVersion } = await route.handle(input, { ...deps, caller });
      if (source !== undefined) context.seen.source = source;
      if (modelVersion !== undefined) context.seen.modelVersion = modelVersion;
      return Response.json({ ...body, request_id: context.requestId });
    });
    refuseOtherMethods(route.path, "POST");
  }

  /** Who asks, where this is for them; before anything else of the request is looked at. */
  async function identify(
    c: HonoContext<Environment>,
    callers: Route<unknown, unknown>["callers"],
  ): Promise<Caller> {
    const caller = await admit(c.req.raw, c.env?.clientAddress);
    c.get("context").seen.caller = caller.kind;
    if (callers === "viewers" || caller.kind !== "viewer") return caller;
    throw new Problem("forbidden", "Cannot answer a viewer as this is for the application: ask with its key");
  }

  function get(path: string, handle: (c: HonoContext<Environment>) => Response | Promise<Response>): void {
    app.get(path, (c) => {
      c.get("context").route = path;
      return handle(c);
    });
    refuseOtherMethods(path, "GET, HEAD");
  }

  function refuseOtherMethods(path: string, allowed: string): void {
    app.all(path, (c) => {
      c.get("context").route = path;
      const preflight = cors.preflight(c.req.raw, allowed);
      if (preflight !== undefined) return preflight;
      throw new Problem("method_not_allowed", `Cannot answer as the method must be ${allowed}: send that`, {
        headers: { allow: allowed },
      });
    });
  }

  // Each with its own types: a list would have to know what all of them take.
  const offered = (routes as readonly unknown[] as readonly Route<unknown, unknown>[]).filter(
    ({ needs }) => needs === undefined || deps[needs] !== undefined,
  );
  for (const route of offered) mount(route);
  let document: Promise<unknown> | undefined;
  // Read when somebody asks for it: a function that starts cold is spared what makes it.
  const describe = async (): Promise<unknown> => {
    const { describeApi } = await import("./describe-api.ts");
    return describeApi({
      routes: offered,
      keyed: deps.authenticator !== undefined,
      limited: deps.rateLimit !== undefined,
    });
  };
  get("/", () => new Response(homePage, { headers: { "content-type": "text/html; charset=utf-8" } }));
  get("/health/live", () => Response.json({ status: "live" }));
  get("/health/ready", () => readiness(deps.engine, deps.ping));
  get("/openapi.json", async () => {
    document ??= describe();
    return Response.json(await document);
  });
  if (metrics !== undefined) {
    get("/metrics", async (c) => {
      await identify(c, "service");
      const { contentType, text } = await metrics.expose();
      return new Response(text, { headers: { "content-type": contentType } });
    });
  }

  // A route, not hono's notFound: what is thrown there would pass by the log.
  app.all("*", () => {
    throw new Problem("not_found", "Cannot answer as the path must be a known one: see /openapi.json");
  });

  return Object.freeze({
    fetch: async (request: Request, origin: RequestOrigin = {}) => {
      try {
        return await app.fetch(request, origin);
      } catch {
        // Nothing is known to get here; a caller is answered all the same.
        return Response.json(
          { error: { code: "internal", message: "Something went wrong here", issues: [] }, request_id: "" },
          { status: statusOf("internal") },
        );
      }
    },
  });
}
