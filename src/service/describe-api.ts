import type { OpenAPIHono, z } from "@hono/zod-openapi";
import { statusOf } from "./problem.ts";
import type { Route } from "./route.ts";
import { problemResponse, readyResponse } from "./wire.ts";

/** Of a route what a reader of the document needs. */
type DescribedRoute = Pick<Route<unknown, unknown>, "path" | "name" | "summary" | "problems"> & {
  readonly request: z.ZodType;
  readonly response: z.ZodType;
};

type Registry = OpenAPIHono["openAPIRegistry"];

/**
 * Registers every route in an OpenAPI registry.
 *
 * @param registry Of the application.
 * @param routes The POST routes.
 * @param keyed Whether an API key is asked for.
 * @param generate Makes the document from the registry.
 * @returns Gives the document; made once, at the first asking.
 */
export function describeApi<Document>(
  registry: Registry,
  routes: readonly DescribedRoute[],
  keyed: boolean,
  generate: () => Document,
): () => Document {
  const security = keyed ? [{ bearer: [] }] : [];
  if (keyed) registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  for (const route of routes) {
    registry.registerPath({
      method: "post",
      path: route.path,
      operationId: route.name,
      summary: route.summary,
      security,
      request: { body: { required: true, content: json(route.request) } },
      responses: { 200: { description: "Done", content: json(route.response) }, ...problems(route, keyed) },
    });
  }
  registry.registerPath({
    method: "get",
    path: "/health/live",
    operationId: "live",
    summary: "Whether the process runs",
    responses: { 200: { description: "It does" } },
  });
  registry.registerPath({
    method: "get",
    path: "/health/ready",
    operationId: "ready",
    summary: "Whether recommendations can be given, and what gives them",
    responses: {
      200: { description: "They can", content: json(readyResponse) },
      503: { description: "They cannot", content: json(readyResponse) },
    },
  });
  registry.registerPath({
    method: "get",
    path: "/metrics",
    operationId: "metrics",
    summary: "Numbers in the Prometheus text format",
    security,
    responses: { 200: { description: "The numbers" } },
  });
  let document: Document | undefined;
  return () => {
    document ??= generate();
    return document;
  };
}

function problems(route: DescribedRoute, keyed: boolean) {
  const codes = [
    "invalid_request",
    "body_too_large",
    "unsupported_media_type",
    "internal",
    ...route.problems,
  ] as const;
  const byStatus = new Map<number, string[]>();
  for (const code of [
    ...codes,
    "database_unreachable" as const,
    ...(keyed ? (["unauthorized"] as const) : []),
  ]) {
    const status = statusOf(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      { description: names.join(", "), content: json(problemResponse) },
    ]),
  );
}

function json(schema: z.ZodType) {
  return { "application/json": { schema } };
}
