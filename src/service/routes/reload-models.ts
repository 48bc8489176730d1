import * as z from "zod/mini";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { answerSource } from "../wire.ts";

/** Looks for a newly promoted version at once. */
export const reloadModels = defineRoute({
  path: "/functions/v1/reload_models",
  name: "reload_models",
  summary: "Makes this instance look for a newly promoted version at once, and says what serves then",
  callers: "service",
  request: z
    .strictObject({}, { error: "an empty object" })
    .register(described, { id: "ReloadModelsRequest" }),
  response: () =>
    z
      .object({
        model_version: z.nullable(z.string()),
        source: answerSource(),
        request_id: z.string(),
      })
      .register(described, { id: "ReloadedModels" }),
  problems: [],
  handle: async (_, { engine }) => {
    const { version, source } = await engine.reload();
    return { body: { model_version: version, source }, source, modelVersion: version };
  },
});
