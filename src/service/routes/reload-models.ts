import { z } from "@hono/zod-openapi";
import { defineRoute } from "../route.ts";

/** Looks for a newly promoted version at once. */
export const reloadModels = defineRoute({
  path: "/functions/v1/reload_models",
  name: "reload_models",
  summary: "Makes this instance look for a newly promoted version at once, and says what serves then",
  callers: "service",
  request: z.strictObject({}, { error: "an empty object" }).openapi("ReloadModelsRequest"),
  response: z
    .object({
      model_version: z.string().nullable(),
      source: z.enum(["two_tower", "previous_version", "linear", "popularity"]),
      request_id: z.string(),
    })
    .openapi("ReloadedModels"),
  problems: [],
  handle: async (_, { engine }) => {
    const { version, source } = await engine.reload();
    return { body: { model_version: version, source }, source, modelVersion: version };
  },
});
