import { z } from "@hono/zod-openapi";
import { attributionsOf } from "../../catalogue/mod.ts";
import type { ItemFilter } from "../../embeddings/mod.ts";
import { ageProofOf, personFor } from "../auth/acting-for.ts";
import { defineRoute } from "../route.ts";
import { atMostEach, names, userId, videoIds } from "../wire.ts";

const diversityError = "a number from 0 to 1";
const limitError = "a whole number from 1 to 1000";
const priceError = "a price: a number of 0 or more";
const price = z.number({ error: priceError }).min(0, { error: priceError });

const filter = z
  .strictObject(
    {
      genres: names("genres").optional().openapi({ description: "At least one of these" }),
      min_price: price.optional(),
      max_price: price.optional(),
      exclude_makers: names("makers").optional(),
      exclude_performers: names("performers").optional(),
    },
    { error: "an object with genres, min_price, max_price, exclude_makers or exclude_performers" },
  )
  .refine(({ min_price = 0, max_price = Number.POSITIVE_INFINITY }) => min_price <= max_price, {
    path: ["min_price"],
    error: "at most max_price",
  })
  .openapi("ItemFilter", { description: "What a video must be; every condition that is given must hold" });

/** What a viewer will like, from the whole catalogue or from given candidates. */
export const recommendations = defineRoute({
  path: "/functions/v1/two_tower_recommendations",
  name: "two_tower_recommendations",
  summary: "What a viewer will like, from the whole catalogue or from given candidates",
  callers: "viewers",
  request: z
    .strictObject(
      {
        user_id: userId.optional(),
        limit: z
          .number({ error: limitError })
          .int({ error: limitError })
          .min(1, { error: limitError })
          .max(1000, { error: limitError })
          .default(20),
        exclude: videoIds("what to leave out").optional(),
        candidates: videoIds("what to rank instead of the whole catalogue").optional(),
        filter: filter.optional(),
        diversity: z
          .number({ error: diversityError })
          .min(0, { error: diversityError })
          .max(1, { error: diversityError })
          .optional()
          .openapi({ description: "0: the best, whatever they are like; 1: the most different among them" }),
        max_per_maker: atMostEach("maker").optional(),
        max_per_performer: atMostEach("performer").optional(),
      },
      { error: "an object with user_id" },
    )
    .refine(({ candidates, filter }) => candidates === undefined || filter === undefined, {
      path: ["filter"],
      error: "nothing beside candidates, which are ranked as they are",
    })
    .openapi("RecommendationsRequest"),
  response: z
    .object({
      recommendations: z.array(
        z.object({
          video_id: z.string(),
          score: z.number().openapi({ description: "Larger is better; comparable within one answer only" }),
          rank: z.number().int().min(1),
        }),
      ),
      model_version: z.string().nullable().openapi({ example: "2026.11.20-1" }),
      source: z.enum(["two_tower", "previous_version", "linear", "popularity"]),
      stale: z
        .literal(true)
        .optional()
        .openapi({ description: "From memory, as the database gives no answer: a few minutes old" }),
      attribution: z
        .array(z.object({ text: z.string(), url: z.string() }))
        .optional()
        .openapi({ description: "Credits to show beside these videos; absent where none asks for one" }),
      request_id: z.string(),
    })
    .openapi("Recommendations"),
  problems: ["age_not_confirmed"],
  handle: async (
    { user_id, limit, exclude, candidates, filter, diversity, max_per_maker, max_per_performer },
    { engine, caller },
  ) => {
    const answer = await engine.recommend(personFor(caller, user_id), {
      limit,
      ...(diversity === undefined ? {} : { diversity }),
      caps: {
        ...(max_per_maker === undefined ? {} : { maker: max_per_maker }),
        ...(max_per_performer === undefined ? {} : { performers: max_per_performer }),
      },
      ...(exclude === undefined ? {} : { exclude }),
      ...(candidates === undefined ? {} : { candidates }),
      ...(filter === undefined ? {} : { filter: toItemFilter(filter) }),
      ...ageProofOf(caller),
    });
    const attribution = attributionsOf(answer.recommendations.map(({ itemId }) => itemId));
    return {
      body: {
        recommendations: answer.recommendations.map(({ itemId, score, rank }) => ({
          video_id: itemId,
          score,
          rank,
        })),
        model_version: answer.modelVersion,
        source: answer.source,
        ...(answer.stale === undefined ? {} : { stale: answer.stale }),
        ...(attribution.length === 0 ? {} : { attribution }),
      },
      source: answer.source,
      modelVersion: answer.modelVersion,
    };
  },
});

/** The same by a shorter name. */
export const recommendationsAlias = defineRoute({
  ...recommendations,
  path: "/functions/v1/recommendations",
  name: "recommendations",
});

function toItemFilter(sent: z.infer<typeof filter>): ItemFilter {
  const { genres, min_price, max_price, exclude_makers, exclude_performers } = sent;
  return {
    ...(genres === undefined ? {} : { genres }),
    ...(min_price === undefined ? {} : { minPrice: min_price }),
    ...(max_price === undefined ? {} : { maxPrice: max_price }),
    ...(exclude_makers === undefined ? {} : { excludeMakers: exclude_makers }),
    ...(exclude_performers === undefined ? {} : { excludePerformers: exclude_performers }),
  };
}
