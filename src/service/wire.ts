import * as z from "zod/mini";
import { described } from "./descriptions.ts";

/** Most ids in one list of a request. */
export const maxIds = 1000;

// Control characters cannot be stored as text by Postgres (NUL) and are never meant; lone surrogates have no UTF-8.
const printable = /^\P{Cc}+$/u;

function printableText(error: string) {
  return z.string({ error }).check(
    z.minLength(1, { error, abort: true }),
    z.maxLength(200, { error, abort: true }),
    z.regex(printable, { error, abort: true }),
    z.refine((text) => text.isWellFormed(), { error }),
  );
}

/**
 * A short text as it is sent.
 *
 * @param what What it is, as a refusal names it.
 * @param example For the description.
 * @returns The schema.
 */
export function shortName(what: string, example: string) {
  return printableText(`${what}: a string of 1-200 characters without control characters`).register(
    described,
    { example },
  );
}

/** A person's id as it is sent. */
export const userId = shortName("a user id", "viewer-0001");
/** An item's id as it is sent. */
export const videoId = shortName("a video id", "video-00042");
/** A performer as it is sent. */
export const performerName = shortName("a performer's name", "Mika Example");

/**
 * A list of items as it is sent.
 *
 * @param what What the list is for, as a refusal names it.
 * @returns The schema.
 */
export function videoIds(what: string) {
  const error = `${what}: a list of at most ${maxIds} video ids`;
  return z.array(videoId, { error }).check(z.maxLength(maxIds, { error }));
}

/**
 * A list of names, of makers for example.
 *
 * @param what Whose.
 * @returns The schema.
 */
export function names(what: string) {
  return namesUpTo(what, maxIds);
}

/**
 * A list of names that somebody picks by hand.
 *
 * @param what Whose.
 * @returns The schema.
 */
export function fewNames(what: string) {
  return namesUpTo(what, 100);
}

function namesUpTo(what: string, most: number) {
  const error = `${what}: a list of at most ${most} names of 1-200 characters without control characters`;
  return z.array(printableText(error), { error }).check(z.maxLength(most, { error }));
}

/**
 * At most so many videos of one.
 *
 * @param what Of one what.
 * @returns The schema.
 */
export function atMostEach(what: string) {
  const error = "a whole number from 1 to 1000";
  return z
    .int({ error })
    .check(z.minimum(1, { error }), z.maximum(1000, { error }))
    .register(described, {
      description: `At most so many videos of one ${what}; fewer may come than \`limit\``,
    });
}

/** Body of a request that names a viewer and nothing else. */
export const viewerRequest = z
  .strictObject({ user_id: z.optional(userId) }, { error: "an object" })
  .register(described, {
    id: "ViewerRequest",
    description: "Viewers leave `user_id` out, or name themselves; the application names whom it acts for",
  });

/** Body of every answer from 400 on. */
export const problemResponse = () =>
  z
    .object({
      error: z.object({
        code: z.string().register(described, { example: "invalid_request" }),
        message: z.string(),
        issues: z.array(z.object({ path: z.string(), expected: z.string(), received: z.string() })),
      }),
      request_id: z.string(),
    })
    .register(described, { id: "Problem" });

/** Body of `GET /health/ready`. */
export const readyResponse = () =>
  z
    .object({
      status: z.enum(["ready", "not_ready"]),
      database: z.enum(["reachable", "unreachable"]),
      model_version: z.nullable(z.string()),
      source: z.nullable(answerSource()),
    })
    .register(described, { id: "Readiness" });

/** Which link of the chain answers, as it is answered. */
export const answerSource = () => z.enum(["two_tower", "previous_version", "linear", "popularity"]);
