import * as z from "zod/mini";
import { attributionsOf } from "../../catalogue/mod.ts";
import { ageProofOf, personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { answerSource, userId, videoIds } from "../wire.ts";
import { answerMembers, answerOptions } from "./answer-members.ts";
import { lang, reason, reasonBody } from "./reason.ts";

const explainError = "true for reasons with each video";

/** What a viewer will like, from the whole catalogue or from given candidates. */
export const recommendations = defineRoute({
  path: "/functions/v1/two_tower_recommendations",
  name: "two_tower_recommendations",
  summary: "What a viewer will like, from the whole catalogue or from given candidates",
  callers: "viewers",
  request: z
    .strictObject(
      {
        user_id: z.optional(userId),
        ...answerMembers,
        candidates: z.optional(videoIds("what to rank instead of the whole catalogue")),
        explain: z
          ._default(z.boolean({ error: explainError }), false)
          .register(described, { description: "Reasons with each video; then at most 100 videos" }),
        lang,
      },
      { error: "an object with user_id" },
    )
    .check(
      z.refine(({ candidates, filter }) => candidates === undefined || filter === undefined, {
        path: ["filter"],
        error: "nothing beside candidates, which are ranked as they are",
      }),
      z.refine(({ explain, limit }) => !explain || limit <= 100, {
        path: ["limit"],
        error: "at most 100 with explain",
      }),
    )
    .register(described, { id: "RecommendationsRequest" }),
  response: () =>
    z
      .object({
        recommendations: z.array(
          z.object({
            video_id: z.string(),
            score: z
              .number()
              .register(described, { description: "Larger is better; comparable within one answer only" }),
            rank: z.int().check(z.minimum(1)),
            value: z.optional(z.number()).register(described, {
              description: "What it is worth by the value formula; present where that ranked it",
            }),
            explored: z
              .optional(z.literal(true))
              .register(described, { description: "Shown as it is new, wherever its score would put it" }),
            reasons: z.optional(z.array(reason())).register(described, {
              description: "With explain: what speaks for it; absent where nobody can say",
            }),
          }),
        ),
        model_version: z.nullable(z.string()).register(described, { example: "2026.11.20-1" }),
        source: answerSource(),
        stale: z.optional(z.literal(true)).register(described, {
          description: "From memory, as the database gives no answer: a few minutes old",
        }),
        attribution: z
          .optional(z.array(z.object({ text: z.string(), url: z.string() })))
          .register(described, {
            description: "Credits to show beside these videos; absent where none asks for one",
          }),
        request_id: z.string(),
      })
      .register(described, { id: "Recommendations" }),
  problems: ["age_not_confirmed"],
  handle: async ({ user_id, candidates, explain, lang, ...asked }, { engine, caller }) => {
    const answer = await engine.recommend(personFor(caller, user_id), {
      ...answerOptions(asked),
      ...(candidates === undefined ? {} : { candidates }),
      ...(explain ? { explain: lang } : {}),
      ...ageProofOf(caller),
    });
    const attribution = attributionsOf(answer.recommendations.map(({ itemId }) => itemId));
    return {
      body: {
        recommendations: answer.recommendations.map(({ itemId, score, rank, value, explored, reasons }) => ({
          video_id: itemId,
          score,
          rank,
          ...(value === undefined ? {} : { value }),
          ...(explored === undefined ? {} : { explored }),
          ...(reasons === undefined ? {} : { reasons: reasons.map(reasonBody) }),
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
