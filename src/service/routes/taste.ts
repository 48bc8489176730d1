import * as z from "zod/mini";
import { personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { fewNames, shortName, userId } from "../wire.ts";

/** What a viewer says of themselves before they have liked anything: sets what is given, and answers all of it. */
export const taste = defineRoute({
  path: "/functions/v1/taste",
  name: "taste",
  summary: "What a viewer says they like, and who they are: sets what is given, answers all of it",
  callers: "viewers",
  request: z
    .strictObject(
      {
        user_id: z.optional(userId),
        genres: z.optional(fewNames("genres")),
        makers: z.optional(fewNames("makers")),
        performers: z.optional(fewNames("performers")),
        age_range: z.optional(shortName("an age range", "30s")),
        region: z.optional(shortName("a region", "Kansai")),
      },
      { error: "an object with genres, makers, performers, age_range or region" },
    )
    .register(described, {
      id: "TasteRequest",
      description: "A list replaces the one before, an empty one takes it back; what is left out stays",
    }),
  response: () =>
    z
      .object({
        genres: z.array(z.string()),
        makers: z.array(z.string()),
        performers: z.array(z.string()),
        age_range: z.nullable(z.string()),
        region: z.nullable(z.string()),
        request_id: z.string(),
      })
      .register(described, { id: "Taste" }),
  problems: [],
  handle: async ({ user_id, genres, makers, performers, age_range, region }, { store, caller }) => {
    const personId = personFor(caller, user_id);
    const said = {
      ...(genres === undefined ? {} : { genres }),
      ...(makers === undefined ? {} : { maker: makers }),
      ...(performers === undefined ? {} : { performers }),
    };
    const fields = {
      ...(age_range === undefined ? {} : { ageRange: age_range }),
      ...(region === undefined ? {} : { region }),
    };
    if (Object.keys(said).length > 0 || Object.keys(fields).length > 0) {
      await store.declare(personId, { taste: said, fields });
    }
    const person = (await store.history(personId, { limit: 1 }))?.person;
    const { ageRange, region: lives } = person?.fields ?? {};
    return {
      body: {
        genres: [...(person?.taste?.["genres"] ?? [])],
        makers: [...(person?.taste?.["maker"] ?? [])],
        performers: [...(person?.taste?.["performers"] ?? [])],
        age_range: typeof ageRange === "string" ? ageRange : null,
        region: typeof lives === "string" ? lives : null,
      },
    };
  },
});
