import { OpenAPIHono } from "@hono/zod-openapi";
import { authenticate } from "./authenticate.ts";
import { describeApi } from "./describe-api.ts";
import { homePage } from "./home-page.ts";
import { faultOf, type Metrics, type RequestEntry, type RequestLog, silentLog } from "./observe.ts";
import { Problem, problemOf, statusOf } from "./problem.ts";
import { readJson } from "./read-json.ts";
import { readiness } from "./readiness.ts";
import type { Route, RouteDeps } from "./route.ts";
import { events } from "./routes/events.ts";
import { recommendations } from "./routes/recommendations.ts";
import { updateUserEmbedding } from "./routes/update-user-embedding.ts";
import { validate } from "./validate.ts";

/** What {@link createService} works with. */
export interface ServiceDeps extends RouteDeps {
  /** Resolves while the database answers. */
  readonly ping: () => Promise<void>;
  /** Absent: everybody may ask; only for a service that nobody but this machine can reach. */
  readonly apiKey?: string;
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
   * @returns The answer, JSON but for `/` and `/metrics`.
   */
  fetch(request: Request): Promise<Response>;
}

interface Context {
  requestId: string;
  route: string;
  seen: { source?: string; modelVersion?: string | null; code?: string; fault?: string };
}

/**
 * The HTTP interface.
 *
 * @param deps Engine, store, and how it is protected and observed.
 * @returns The service.
 *
 * @example
 * ```ts no-run
 * import { createService, type ServiceDeps } from "futago";
 * declare const deps: ServiceDeps;
 * const service = createService(deps);
 * const answer = await service.fetch(new Request("http://localhost/health/live"));
 * ```
 */
export function createService(deps: ServiceDeps): Service {
  const { log = silentLog, metrics, apiKey, maxBodyBytes = 1_048_576 } = deps;
  const newRequestId = deps.newRequestId ?? (() => crypto.randomUUID());
  const app = new OpenAPIHono<{ Variables: { context: Context } }>();

  app.use(async (c, next) => {
    const began = deps.clock.now();
    const given = c.req.header("x-request-id") ?? "";
    const requestId = /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : newRequestId();
    const context: Context = { requestId, route: "unknown", seen: {} };
    c.set("context", context);
    await next();
    c.header("x-request-id", requestId);
    c.header("cache-control", "no-store");
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
    const { status, code, message, issues } = problemOf(error);
    context.seen.code = code;
    if (code === "internal") context.seen.fault = faultOf(error);
    const body = { error: { code, message, issues }, request_id: context.requestId };
    return Response.json(body, { status });
  });

  function mount<Input, Output>(route: Route<Input, Output>): void {
    app.post(route.path, async (c) => {
      const context = c.get("context");
      context.route = route.name;
      authenticate(c.req.raw.headers, apiKey);
      const input = validate(route.request, await readJson(c.req.raw, maxBodyBytes));
      const { body, source, modelVersion } = await route.handle(input, deps);
      if (source !== undefined) context.seen.source = source;
      if (modelVersion !== undefined) context.seen.modelVersion = modelVersion;
      return Response.json({ ...body, request_id: context.requestId });
    });
    refuseOtherMethods(route.path, "POST");
  }

  function get(path: string, handle: (request: Request) => Response | Promise<Response>): void {
    app.get(path, (c) => {
      c.get("context").route = path;
      return handle(c.req.raw);
    });
    refuseOtherMethods(path, "GET, HEAD");
  }

  function refuseOtherMethods(path: string, allowed: string): void {
    app.all(path, (c) => {
      c.get("context").route = path;
      c.header("allow", allowed);
      throw new Problem("method_not_allowed", `Cannot answer as the method must be ${allowed}: send that`);
    });
  }

  mount(recommendations);
  mount(updateUserEmbedding);
  mount(events);
  const described = [recommendations, updateUserEmbedding, events];
  const document = describeApi(app.openAPIRegistry, described, apiKey !== undefined, () =>
    app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "Futago", version: "1" } }),
  );
  get("/", () => new Response(homePage, { headers: { "content-type": "text/html; charset=utf-8" } }));
  get("/health/live", () => Response.json({ status: "live" }));
  get("/health/ready", () => readiness(deps.engine, deps.ping));
  get("/openapi.json", () => Response.json(document()));
  if (metrics !== undefined) {
    get("/metrics", async (request) => {
      authenticate(request.headers, apiKey);
      const { contentType, text } = await metrics.expose();
      return new Response(text, { headers: { "content-type": contentType } });
    });
  }

  // A route, not hono's notFound: what is thrown there would pass by the log.
  app.all("*", () => {
    throw new Problem("not_found", "Cannot answer as the path must be a known one: see /openapi.json");
  });

  return Object.freeze({
    fetch: async (request: Request) => {
      try {
        return await app.fetch(request);
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
