import { z } from "@hono/zod-openapi";

/** Most ids in one list of a request. */
export const maxIds = 1000;
/** Most events in one request. */
export const maxEvents = 1000;

// Control characters cannot be stored as text by Postgres (NUL) and are never meant; lone surrogates have no UTF-8.
const printable = /^\P{Cc}+$/u;

function id(what: string, example: string) {
  const error = `${what}: a string of 1-200 characters without control characters`;
  return z
    .string({ error })
    .min(1, { error, abort: true })
    .max(200, { error, abort: true })
    .regex(printable, { error, abort: true })
    .refine((text) => text.isWellFormed(), { error })
    .openapi({ example });
}

const userId = id("a user id", "viewer-0001");
const videoId = id("a video id", "video-00042");

function videoIds(what: string) {
  const error = `${what}: a list of at most ${maxIds} video ids`;
  return z.array(videoId, { error }).max(maxIds, { error });
}

const limitError = "a whole number from 1 to 1000";

/** Body of `POST /functions/v1/two_tower_recommendations`. */
export const recommendationsRequest = z
  .strictObject(
    {
      user_id: userId,
      limit: z
        .number({ error: limitError })
        .int({ error: limitError })
        .min(1, { error: limitError })
        .max(1000, { error: limitError })
        .default(20),
      exclude: videoIds("what to leave out").optional(),
      candidates: videoIds("what to rank instead of the whole catalogue").optional(),
    },
    { error: "an object with user_id" },
  )
  .openapi("RecommendationsRequest");

/** Body of the answer to it. */
export const recommendationsResponse = z
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
    request_id: z.string(),
  })
  .openapi("Recommendations");

/** Body of `POST /functions/v1/update_user_embedding`. */
export const updateUserEmbeddingRequest = z
  .strictObject({ user_id: userId }, { error: "an object with user_id" })
  .openapi("UpdateUserEmbeddingRequest");

/** Body of the answer to it. */
export const updateUserEmbeddingResponse = z
  .object({
    model_version: z.string(),
    dims: z.number().int(),
    events: z.number().int().openapi({ description: "Events the vector was computed from" }),
    request_id: z.string(),
  })
  .openapi("UpdatedUserEmbedding");

const timeError = "a time between 1990 and now: milliseconds since 1970, or ISO 8601 with a zone";

const event = z
  .strictObject(
    {
      user_id: userId,
      video_id: videoId,
      kind: z.enum(["like", "nope", "view"], { error: 'one of "like", "nope", "view"' }),
      at: z
        .union([z.number(), z.iso.datetime({ offset: true })], { error: timeError })
        .optional()
        .openapi({ description: "When; absent: now. Give it to make a repeated view the same view" }),
      watch_fraction: z
        .number({ error: "a number from 0 to 1" })
        .min(0, { error: "a number from 0 to 1" })
        .max(1, { error: "a number from 0 to 1" })
        .optional()
        .openapi({ description: "Of a view: the share that was watched" }),
      watch_seconds: z
        .number({ error: "a number from 0 to 86400" })
        .min(0, { error: "a number from 0 to 86400" })
        .max(86_400, { error: "a number from 0 to 86400" })
        .optional()
        .openapi({ description: "Of a view: seconds watched" }),
    },
    { error: "an object with user_id, video_id and kind" },
  )
  .openapi("Event");

const eventsError = `a list of 1 to ${maxEvents} events`;

/** Body of `POST /functions/v1/events`. */
export const eventsRequest = z
  .strictObject(
    {
      events: z
        .array(event, { error: eventsError })
        .min(1, { error: eventsError })
        .max(maxEvents, { error: eventsError }),
    },
    { error: "an object with events" },
  )
  .openapi("EventsRequest");

/** Body of the answer to it. */
export const eventsResponse = z
  .object({
    accepted: z.number().int().openapi({ description: "Events in the request" }),
    inserted: z.number().int(),
    updated: z.number().int(),
    unchanged: z.number().int().openapi({ description: "Known already: sending events again is safe" }),
    request_id: z.string(),
  })
  .openapi("RecordedEvents");

/** Body of every answer from 400 on. */
export const problemResponse = z
  .object({
    error: z.object({
      code: z.string().openapi({ example: "invalid_request" }),
      message: z.string(),
      issues: z.array(z.object({ path: z.string(), expected: z.string(), received: z.string() })),
    }),
    request_id: z.string(),
  })
  .openapi("Problem");

/** Body of `GET /health/ready`. */
export const readyResponse = z
  .object({
    status: z.enum(["ready", "not_ready"]),
    database: z.enum(["reachable", "unreachable"]),
    model_version: z.string().nullable(),
    source: z.enum(["two_tower", "previous_version", "linear", "popularity"]).nullable(),
  })
  .openapi("Readiness");

/** One event as it was sent. */
export type EventRequest = z.infer<typeof event>;

/** What `at` may not say. */
export { timeError };
