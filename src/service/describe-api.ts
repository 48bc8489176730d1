import type { OpenAPIHono, z } from "@hono/zod-openapi";
import { type ProblemCode, statusOf } from "./problem.ts";
import type { Route } from "./route.ts";
import { problemResponse, readyResponse } from "./wire.ts";

/** What the document tells of. */
export interface DescribedApi {
  readonly routes: readonly Route<unknown, unknown>[];
  /** Whether callers must prove who they are. */
  readonly keyed: boolean;
  /** Whether they are counted. */
  readonly limited: boolean;
}

/** What is asked of an application that describes itself. */
type Described = Pick<OpenAPIHono, "openAPIRegistry" | "getOpenAPI31Document">;

const schemes = {
  token: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A viewer's session: they act for themselves",
  },
  key: {
    type: "apiKey",
    in: "header",
    name: "apikey",
    description:
      "A secret key of the application, which acts for every viewer; as Authorization: Bearer, too",
  },
} as const;

/**
 * Describes every route as OpenAPI 3.1.
 *
 * @param app Holds the registry, and makes the document from it.
 * @param api What to describe.
 * @returns Gives the document; made once, at the first asking.
 */
export function describeApi(app: Described, api: DescribedApi): () => unknown {
  const registry = app.openAPIRegistry;
  const security = securityOf(api.keyed);
  if (api.keyed) {
    for (const [name, scheme] of Object.entries(schemes)) {
      registry.registerComponent("securitySchemes", name, scheme);
    }
  }
  for (const route of api.routes) {
    registry.registerPath({
      method: "post",
      path: route.path,
      operationId: route.name,
      summary: route.summary,
      security: security(route.callers),
      request: { body: { required: true, content: json(route.request) } },
      responses: { 200: { description: "Done", content: json(route.response) }, ...problems(route, api) },
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
    security: security("service"),
    responses: { 200: { description: "The numbers" } },
  });
  let document: unknown;
  return () => {
    document ??= app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "Futago", version: "1" } });
    return document;
  };
}

function securityOf(keyed: boolean) {
  return (callers: Route<unknown, unknown>["callers"]): Record<string, string[]>[] => {
    if (!keyed) return [];
    return callers === "viewers" ? [{ token: [] }, { key: [] }] : [{ key: [] }];
  };
}

function problems(route: Route<unknown, unknown>, { keyed, limited }: DescribedApi) {
  const codes: ProblemCode[] = [
    "invalid_request",
    "body_too_large",
    "unsupported_media_type",
    "internal",
    ...route.problems,
    "database_unreachable",
    ...(keyed ? (["unauthorized", "forbidden", "auth_unavailable"] as const) : []),
    ...(limited ? (["rate_limited"] as const) : []),
  ];
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
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
