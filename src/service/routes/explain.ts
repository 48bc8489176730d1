import * as z from "zod/mini";
import { type Explanation, obstacles, valueParts } from "../../recommend/mod.ts";
import { ageProofOf, personFor } from "../auth/acting-for.ts";
import { described } from "../descriptions.ts";
import { defineRoute } from "../route.ts";
import { answerSource, userId, videoId } from "../wire.ts";
import { answerMembers, answerOptions } from "./answer-members.ts";
import { lang, reason, reasonBody } from "./reason.ts";

const explanation = () =>
  z
    .object({
      video_id: z.string(),
      shown: z
        .boolean()
        .register(described, { description: "Whether an answer to the same request holds it" }),
      score: z.nullable(z.number()),
      rank: z.nullable(z.int()).register(described, {
        description: "Its place by score among all that could be shown, or the place it would have",
      }),
      value: z
        .optional(z.object({ total: z.number(), parts: z.partialRecord(z.enum(valueParts), z.number()) }))
        .register(described, {
          description: "What it is worth by the value formula, and what each part adds",
        }),
      obstacles: z
        .array(z.enum(obstacles))
        .register(described, { description: "What keeps it out; empty exactly where it is shown" }),
      reasons: z.optional(z.array(reason())).register(described, {
        description: "What moved the score, for and against; absent where nobody can say",
      }),
      rest: z.optional(z.number()).register(described, {
        description: "What of the score the reasons do not name; with them it adds up",
      }),
      features: z
        .optional(z.record(z.string(), z.number()))
        .register(described, { description: "Contributions by feature of the user tower" }),
      model_version: z.nullable(z.string()),
      source: answerSource(),
      request_id: z.string(),
    })
    .register(described, { id: "Explanation" });

/** Why a video is recommended to a viewer, or why not. */
export const explain = defineRoute({
  path: "/functions/v1/explain",
  name: "explain",
  summary: "Why a video stands where it does for a viewer, and what keeps it out of their recommendations",
  callers: "viewers",
  request: z
    .strictObject(
      { user_id: z.optional(userId), video_id: videoId, ...answerMembers, lang },
      { error: "an object with video_id" },
    )
    .register(described, {
      id: "ExplainRequest",
      description: "What is asked of an answer here is that of the answer in question",
    }),
  response: explanation,
  problems: ["age_not_confirmed"],
  handle: async ({ user_id, video_id, lang, ...asked }, { engine, caller }) => {
    const told = await engine.explain(personFor(caller, user_id), video_id, {
      ...answerOptions(asked),
      lang,
      ...ageProofOf(caller),
    });
    return { body: explanationBody(told), source: told.source, modelVersion: told.modelVersion };
  },
});

/**
 * An explanation as it is answered.
 *
 * @param told As the engine gives it.
 * @returns The same in the words of the interface.
 */
export function explanationBody(
  told: Explanation,
): Omit<z.infer<ReturnType<typeof explanation>>, "request_id"> {
  const { itemId, modelVersion, obstacles, value, reasons, features, ...rest } = told;
  return {
    video_id: itemId,
    ...rest,
    ...(value === undefined ? {} : { value: { total: value.total, parts: { ...value.parts } } }),
    obstacles: [...obstacles],
    ...(reasons === undefined ? {} : { reasons: reasons.map(reasonBody) }),
    ...(features === undefined ? {} : { features: { ...features } }),
    model_version: modelVersion,
  };
}
