import { z } from "@hono/zod-openapi";
import { type Reason, reasonLanguages, sharedFields } from "../../recommend/mod.ts";

/** The language of reasons as it is sent. */
export const lang = z
  .enum(reasonLanguages, { error: `one of ${reasonLanguages.map((name) => `"${name}"`).join(", ")}` })
  .default("en")
  .openapi({ description: "The language of reasons" });

/** A reason as it is answered. */
export const reason = z
  .object({
    kind: z.enum(["liked", "watched", "refused", "taste", "profile", "habits", "popularity"]),
    video_id: z.string().optional().openapi({ description: "The video of the past that it names" }),
    shared: z
      .array(z.object({ field: z.enum(sharedFields), value: z.string() }))
      .optional()
      .openapi({ description: "What that video and this one have in common" }),
    contribution: z
      .number()
      .openapi({ description: "How much of the score it makes; below 0 it speaks against" }),
    share: z.number().openapi({ description: "The same as a share of all that speaks for the video" }),
    text: z.string().openapi({ example: "Because you liked “Harbour at dawn”: same maker (Northlight)" }),
  })
  .openapi("Reason");

/**
 * A reason as it is answered.
 *
 * @param told As the engine gives it.
 * @returns The same in the words of the interface.
 */
export function reasonBody({ itemId, shared, ...told }: Reason): z.infer<typeof reason> {
  return {
    ...told,
    ...(itemId === undefined ? {} : { video_id: itemId }),
    ...(shared === undefined ? {} : { shared: [...shared] }),
  };
}
