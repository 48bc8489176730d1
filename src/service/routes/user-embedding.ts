import * as z from "zod/mini";
import { isFutagoError } from "../../base/mod.ts";
import type { EmbeddedPerson } from "../../recommend/mod.ts";
import { ageProofOf, personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute, type RouteContext } from "../route.ts";
import { viewerRequest } from "../wire.ts";

const summary = () => ({
  model_version: z.string().register(described, { example: "2026.11.20-1" }),
  dims: z.int().register(described, { example: 768 }),
  events: z.int().register(described, { description: "Events the vector was computed from" }),
  stored: z.boolean().register(described, {
    description: "False where there is none to store, or the database takes no changes now",
  }),
});

/** Computes a viewer's vector with the trained tower and stores it. Who acts for the application gets the vector too. */
export const userEmbedding = defineRoute({
  path: "/functions/v1/user_embedding_v2",
  name: "user_embedding_v2",
  summary: "Computes a viewer's vector from their latest events with the trained tower, and stores it",
  callers: "viewers",
  request: viewerRequest,
  response: () =>
    z
      .object({
        ...summary(),
        vector: z.optional(z.array(z.number())).register(described, {
          description: "Of unit length; for the application alone, never for a viewer",
        }),
        request_id: z.string(),
      })
      .register(described, { id: "UserEmbedding" }),
  problems: ["age_not_confirmed", "model_missing"],
  handle: async ({ user_id }, context) => {
    const { version, vector, events, stored } = await store(personFor(context.caller, user_id), context);
    const body = { model_version: version, dims: vector.length, events, stored };
    return {
      body: context.caller.kind === "viewer" ? body : { ...body, vector: [...vector] },
      modelVersion: version,
    };
  },
});

/** The same for whoever may have no towers: the linear model reads events when it is asked, so nothing is left to store. */
export const updateUserEmbedding = defineRoute({
  path: "/functions/v1/update_user_embedding",
  name: "update_user_embedding",
  summary: "Brings what is kept of a viewer up to date, under whatever model serves",
  callers: "viewers",
  request: viewerRequest,
  response: () =>
    z
      .object({
        ...summary(),
        model_version: z
          .nullable(z.string())
          .register(described, { description: "Null where no model is active" }),
        dims: z.int().register(described, {
          description: "0 where no towers serve: the linear model and popularity store nothing",
        }),
        request_id: z.string(),
      })
      .register(described, { id: "UpdatedUserEmbedding" }),
  problems: ["age_not_confirmed"],
  handle: async ({ user_id }, context) => {
    const personId = personFor(context.caller, user_id);
    try {
      const { version, vector, events, stored } = await store(personId, context);
      const body = { model_version: version, dims: vector.length, events, stored };
      return { body, modelVersion: version };
    } catch (error) {
      // Thrown only once the age is known to be confirmed.
      if (!isFutagoError(error) || error.code !== "model_missing") throw error;
      const { version } = await context.engine.status();
      const history = await context.store.history(personId, { limit: 1000 });
      const events = history?.events.length ?? 0;
      const body = { model_version: version, dims: 0, events, stored: false };
      return { body, modelVersion: version };
    }
  },
});

async function store(personId: string, { caller, engine, store }: RouteContext): Promise<EmbeddedPerson> {
  const proof = ageProofOf(caller);
  // Somebody new whose token proves their age: a vector belongs to a profile.
  if (proof.ageConfirmed) await store.putBatch({ newPeople: [{ id: personId, fields: {} }] });
  return engine.storePersonVector(personId, proof);
}
