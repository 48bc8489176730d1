import * as z from "zod/mini";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { videoIds } from "../wire.ts";

const listError = "videos to embed: a list of 1 to 1000 video ids";

/** Computes the vectors of given videos and stores them, as after an import. */
export const itemEmbedding = defineRoute({
  path: "/functions/v1/item_embedding",
  name: "item_embedding",
  summary: "Computes the vectors of given videos under the model that serves, and stores them",
  callers: "service",
  request: z
    .strictObject(
      { video_ids: videoIds("videos to embed").check(z.minLength(1, { error: listError })) },
      { error: "an object with video_ids" },
    )
    .register(described, { id: "ItemEmbeddingRequest" }),
  response: () =>
    z
      .object({
        model_version: z.string(),
        embedded: z.int(),
        left: z
          .array(z.string())
          .register(described, { description: "Ids that the catalogue lacks, or that are withdrawn" }),
        request_id: z.string(),
      })
      .register(described, { id: "ItemEmbedding" }),
  problems: ["model_missing"],
  handle: async ({ video_ids }, { engine }) => {
    const { version, embedded, left } = await engine.embedItems(video_ids);
    return { body: { model_version: version, embedded, left: [...left] }, modelVersion: version };
  },
});
