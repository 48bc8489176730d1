import * as z from "zod/mini";
import type { ItemFilter } from "../../embeddings/mod.ts";
import type { RecommendOptions } from "../../recommend/mod.ts";
import { described } from "../descriptions.ts";
import { atMostEach, names, videoIds } from "../wire.ts";

const diversityError = "a number from 0 to 1";
const limitError = "a whole number from 1 to 1000";
const priceError = "a price: a number of 0 or more";
const price = z.number({ error: priceError }).check(z.minimum(0, { error: priceError }));

const filter = z
  .strictObject(
    {
      genres: z.optional(names("genres")).register(described, { description: "At least one of these" }),
      min_price: z.optional(price),
      max_price: z.optional(price),
      exclude_makers: z.optional(names("makers")),
      exclude_performers: z.optional(names("performers")),
    },
    { error: "an object with genres, min_price, max_price, exclude_makers or exclude_performers" },
  )
  .check(
    z.refine(({ min_price = 0, max_price = Number.POSITIVE_INFINITY }) => min_price <= max_price, {
      path: ["min_price"],
      error: "at most max_price",
    }),
  )
  .register(described, {
    id: "ItemFilter",
    description: "What a video must be; every condition that is given must hold",
  });

/** What an answer from the whole catalogue is to be like, as it is sent. */
export const answerMembers = {
  limit: z._default(
    z
      .int({ error: limitError })
      .check(z.minimum(1, { error: limitError }), z.maximum(1000, { error: limitError })),
    20,
  ),
  exclude: z.optional(videoIds("what to leave out")),
  filter: z.optional(filter),
  diversity: z
    .optional(
      z
        .number({ error: diversityError })
        .check(z.minimum(0, { error: diversityError }), z.maximum(1, { error: diversityError })),
    )
    .register(described, {
      description: "0: the best, whatever they are like; 1: the most different among them",
    }),
  max_per_maker: z.optional(atMostEach("maker")),
  max_per_performer: z.optional(atMostEach("performer")),
};

/**
 * The same as the engine takes it.
 *
 * @param sent As it was validated.
 * @returns Options of an answer.
 */
export function answerOptions(
  sent: z.infer<z.ZodMiniObject<typeof answerMembers>>,
): Pick<RecommendOptions, "limit" | "exclude" | "filter" | "diversity" | "caps"> {
  const { limit, exclude, filter, diversity, max_per_maker, max_per_performer } = sent;
  return {
    limit,
    ...(diversity === undefined ? {} : { diversity }),
    caps: {
      ...(max_per_maker === undefined ? {} : { maker: max_per_maker }),
      ...(max_per_performer === undefined ? {} : { performers: max_per_performer }),
    },
    ...(exclude === undefined ? {} : { exclude }),
    ...(filter === undefined ? {} : { filter: toItemFilter(filter) }),
  };
}

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
