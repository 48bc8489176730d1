import * as z from "zod/mini";
import { type Reason, reasonLanguages, sharedFields } from "../../recommend/mod.ts";
import { described } from "../descriptions.ts";

/** The language of reasons as it is sent. */
export const lang = z
  ._default(
    z.enum(reasonLanguages, { error: `one of ${reasonLanguages.map((name) => `"${name}"`).join(", ")}` }),
    "en",
  )
  .register(described, { description: "The language of reasons" });

/** A reason as it is answered. */
export const reason = () =>
  z
    .object({
      kind: z.enum(["liked", "watched", "refused", "taste", "profile", "habits", "popularity"]),
      video_id: z
        .optional(z.string())
        .register(described, { description: "The video of the past that it names" }),
      shared: z
        .optional(z.array(z.object({ field: z.enum(sharedFields), value: z.string() })))
        .register(described, { description: "What that video and this one have in common" }),
      contribution: z
        .number()
        .register(described, { description: "How much of the score it makes; below 0 it speaks against" }),
      share: z
        .number()
        .register(described, { description: "The same as a share of all that speaks for the video" }),
      text: z
        .string()
        .register(described, { example: "Because you liked “Harbour at dawn”: same maker (Northlight)" }),
    })
    .register(described, { id: "Reason" });

/**
 * A reason as it is answered.
 *
 * @param told As the engine gives it.
 * @returns The same in the words of the interface.
 */
export function reasonBody({ itemId, shared, ...told }: Reason): z.infer<ReturnType<typeof reason>> {
  return {
    ...told,
    ...(itemId === undefined ? {} : { video_id: itemId }),
    ...(shared === undefined ? {} : { shared: [...shared] }),
  };
}
