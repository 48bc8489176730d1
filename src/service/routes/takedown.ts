import * as z from "zod/mini";
import { FutagoError } from "../../base/mod.ts";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { performerName, videoId } from "../wire.ts";

const withdrawnError = "true, or false to put back";

/** Takes a video, or every video of a performer, out of the very next answer. */
export const takedown = defineRoute({
  path: "/functions/v1/takedown",
  name: "takedown",
  summary: "Takes a video, or every video of a performer, out of the very next answer, or puts it back",
  callers: "service",
  request: z
    .strictObject(
      {
        video_id: z.optional(videoId),
        performer: z.optional(performerName),
        withdrawn: z._default(z.boolean({ error: withdrawnError }), true),
      },
      { error: "an object with video_id or performer" },
    )
    .check(
      z.refine(({ video_id, performer }) => (video_id === undefined) !== (performer === undefined), {
        error: "an object with either video_id or performer",
      }),
    )
    .register(described, { id: "TakedownRequest" }),
  response: () =>
    z.object({ withdrawn: z.boolean(), request_id: z.string() }).register(described, { id: "Takedown" }),
  problems: ["not_found"],
  handle: async ({ video_id, performer, withdrawn }, { engine, store }) => {
    const found =
      video_id === undefined
        ? await store.setPerformerWithdrawn(performer!, withdrawn)
        : await store.setWithdrawn(video_id, withdrawn);
    if (found) {
      // Known at once to what is answered while the database gives none.
      if (withdrawn)
        engine.withdraw(video_id === undefined ? { performer: performer! } : { itemId: video_id });
      return { body: { withdrawn } };
    }
    throw new FutagoError(
      "not_found",
      "Cannot take down what is not in the catalogue: check the id or the name",
    );
  },
});
