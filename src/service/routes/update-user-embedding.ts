import { defineRoute } from "../route.ts";
import { updateUserEmbeddingRequest, updateUserEmbeddingResponse } from "../wire.ts";

/** Computes a viewer's vector from their latest events and stores it. */
export const updateUserEmbedding = defineRoute({
  path: "/functions/v1/update_user_embedding",
  name: "update_user_embedding",
  summary: "Computes a viewer's vector from their latest events and stores it",
  request: updateUserEmbeddingRequest,
  response: updateUserEmbeddingResponse,
  problems: ["age_not_confirmed", "model_missing"],
  handle: async ({ user_id }, { engine }) => {
    const { version, vector, events } = await engine.storePersonVector(user_id);
    return { body: { model_version: version, dims: vector.length, events }, modelVersion: version };
  },
});
