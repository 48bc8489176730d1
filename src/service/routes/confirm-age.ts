import * as z from "zod/mini";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { userId } from "../wire.ts";

const confirmedError = "true, or false to take it back";

/** Says that a viewer's age is confirmed, once the application has proof of it. */
export const confirmAge = defineRoute({
  path: "/functions/v1/confirm_age",
  name: "confirm_age",
  summary: "Says that a viewer's age is confirmed, or takes it back",
  callers: "service",
  request: z
    .strictObject(
      { user_id: userId, confirmed: z._default(z.boolean({ error: confirmedError }), true) },
      { error: "an object with user_id" },
    )
    .register(described, { id: "ConfirmAgeRequest" }),
  response: () =>
    z
      .object({ age_confirmed: z.boolean(), request_id: z.string() })
      .register(described, { id: "ConfirmedAge" }),
  problems: [],
  handle: async ({ user_id, confirmed }, { store, clock, engine }) => {
    const person = (await store.history(user_id, { limit: 1 }))?.person;
    const { ageConfirmedAt, ...known } = person ?? { id: user_id, fields: {} };
    if (confirmed !== (ageConfirmedAt !== undefined)) {
      await store.putPeople([confirmed ? { ...known, ageConfirmedAt: clock.now() } : known]);
      engine.forget(user_id);
    }
    return { body: { age_confirmed: confirmed } };
  },
});
