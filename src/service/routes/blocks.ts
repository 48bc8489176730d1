import * as z from "zod/mini";
import { personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { names, userId } from "../wire.ts";

/** Whose videos a viewer does not want: sets the lists that are given, and answers both. */
export const blocks = defineRoute({
  path: "/functions/v1/blocks",
  name: "blocks",
  summary: "Makers and performers whose videos a viewer is not shown: sets the lists given, answers both",
  callers: "viewers",
  request: z
    .strictObject(
      {
        user_id: z.optional(userId),
        makers: z.optional(names("makers")),
        performers: z.optional(names("performers")),
      },
      { error: "an object with makers or performers" },
    )
    .register(described, {
      id: "BlocksRequest",
      description: "A list replaces the one before; one that is left out stays",
    }),
  response: () =>
    z
      .object({ makers: z.array(z.string()), performers: z.array(z.string()), request_id: z.string() })
      .register(described, { id: "Blocks" }),
  problems: [],
  handle: async ({ user_id, makers, performers }, { store, caller }) => {
    const personId = personFor(caller, user_id);
    const before = await store.blocks(personId);
    if (makers !== undefined || performers !== undefined) {
      // Somebody new: a profile without a confirmed age.
      if (before === undefined) await store.putBatch({ newPeople: [{ id: personId, fields: {} }] });
      await store.setBlocks(personId, {
        makers: makers ?? before?.makers ?? [],
        performers: performers ?? before?.performers ?? [],
      });
    }
    const now = await store.blocks(personId);
    return { body: { makers: [...(now?.makers ?? [])], performers: [...(now?.performers ?? [])] } };
  },
});
