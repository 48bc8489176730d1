import * as z from "zod/mini";
import { personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute, needed } from "../route.ts";
import { viewerRequest } from "../wire.ts";

/** Removes a viewer and everything that is kept of them. */
export const erasePerson = defineRoute({
  path: "/functions/v1/erase_person",
  name: "erase_person",
  summary: "Removes a viewer and everything that is kept of them, under every version",
  callers: "viewers",
  needs: "people",
  request: viewerRequest,
  response: () =>
    z
      .object({
        erased: z.boolean().register(described, { description: "False where nothing was kept" }),
        request_id: z.string(),
      })
      .register(described, { id: "ErasedPerson" }),
  problems: [],
  handle: async ({ user_id }, { people, engine, caller }) => {
    const personId = personFor(caller, user_id);
    const erased = await needed(people).erase(personId);
    engine.forget(personId);
    return { body: { erased } };
  },
});
