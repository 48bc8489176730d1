import * as z from "zod/mini";
import { described } from "./descriptions.ts";
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
 * @param api What to describe.
 * @returns The document.
 */
export function describeApi(api: DescribedApi): unknown {
  const { json, schemas } = createComponents();
  const security = securityOf(api.keyed);
  const problem = json(problemResponse());
  const routes = api.routes.map(({ path, name, summary, callers, request, response, problems }) => [
    path,
    {
      post: {
        operationId: name,
        summary,
        security: security(callers),
        requestBody: { required: true, content: json(request) },
        responses: {
          200: { description: "Done", content: json(response()) },
          ...problemResponses(problems, { api, problem }),
        },
      },
    },
  ]);
  const ready = json(readyResponse());
  const paths = {
    ...Object.fromEntries(routes),
    "/health/live": {
      get: {
        operationId: "live",
        summary: "Whether the process runs",
        responses: { 200: { description: "It does" } },
      },
    },
    "/health/ready": {
      get: {
        operationId: "ready",
        summary: "Whether recommendations can be given, and what gives them",
        responses: {
          200: { description: "They can", content: ready },
          503: { description: "They cannot", content: ready },
        },
      },
    },
    "/metrics": {
      get: {
        operationId: "metrics",
        summary: "Numbers in the Prometheus text format",
        security: security("service"),
        responses: { 200: { description: "The numbers" } },
      },
    },
  };
  return {
    openapi: "3.1.0",
    info: { title: "Futago", version: "1" },
    components: { ...(api.keyed && { securitySchemes: schemes }), schemas },
    paths,
  };
}

/** The schemas of a document: those with a name stand once, among its components. */
function createComponents(): {
  readonly schemas: Readonly<Record<string, unknown>>;
  readonly json: (schema: z.core.$ZodType) => unknown;
} {
  const schemas: Record<string, unknown> = {};
  const json = (schema: z.core.$ZodType): unknown => {
    const { $schema: _, $defs, ...own } = jsonSchemaOf(schema);
    Object.assign(schemas, $defs);
    return { "application/json": { schema: own } };
  };
  return { schemas, json };
}

function jsonSchemaOf(schema: z.core.$ZodType): Record<string, unknown> {
  const made = z.toJSONSchema(schema, {
    metadata: described,
    // As it is sent: what has a default may be left out.
    io: "input",
    override: ({ jsonSchema }) => {
      delete jsonSchema["id"];
      // How a format is checked, and that whole numbers are exact, says nothing to a reader.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return JSON.parse(JSON.stringify(made).replaceAll("#/$defs/", "#/components/schemas/"));
}

function securityOf(keyed: boolean) {
  return (callers: Route<unknown, unknown>["callers"]): Record<string, string[]>[] => {
    if (!keyed) return [];
    return callers === "viewers" ? [{ token: [] }, { key: [] }] : [{ key: [] }];
  };
}

function problemResponses(
  own: readonly ProblemCode[],
  { api: { keyed, limited }, problem }: { readonly api: DescribedApi; readonly problem: unknown },
): Readonly<Record<string, unknown>> {
  const codes: ProblemCode[] = [
    "invalid_request",
    "body_too_large",
    "unsupported_media_type",
    "internal",
    ...own,
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
    [...byStatus].map(([status, names]) => [status, { description: names.join(", "), content: problem }]),
  );
}
