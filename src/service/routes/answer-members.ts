import { z } from "@hono/zod-openapi";
import type { ItemFilter } from "../../embeddings/mod.ts";
import type { RecommendOptions } from "../../recommend/mod.ts";
import { atMostEach, names, videoIds } from "../wire.ts";

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

/** What an answer from the whole catalogue is to be like, as it is sent. */
export const answerMembers = {
  limit: z
    .number({ error: limitError })
    .int({ error: limitError })
    .min(1, { error: limitError })
    .max(1000, { error: limitError })
    .default(20),
  exclude: videoIds("what to leave out").optional(),
  filter: filter.optional(),
  diversity: z
    .number({ error: diversityError })
    .min(0, { error: diversityError })
    .max(1, { error: diversityError })
    .optional()
    .openapi({ description: "0: the best, whatever they are like; 1: the most different among them" }),
  max_per_maker: atMostEach("maker").optional(),
  max_per_performer: atMostEach("performer").optional(),
};

/**
 * The same as the engine takes it.
 *
 * @param sent As it was validated.
 * @returns Options of an answer.
 */
export function answerOptions(
  sent: z.infer<z.ZodObject<typeof answerMembers>>,
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
