import * as z from "zod/mini";
import type { CatalogueEvent } from "../../catalogue/mod.ts";
import { personFor } from "../auth/acting-for.ts";
import type { Caller } from "../auth/caller.ts";
import { described } from "../descriptions.ts";
import { Problem, type ProblemIssue } from "../problem.ts";
import { defineRoute } from "../route.ts";
import { userId, videoId } from "../wire.ts";
import { recordEvents } from "./record-events.ts";

const maxEvents = 1000;
/** Clocks of callers may run this far ahead of ours, in milliseconds. */
const clockSkew = 300_000;
const earliest = Date.UTC(1990, 0, 1);

const timeError = "a time between 1990 and now: milliseconds since 1970, or ISO 8601 with a zone";

const upTo = (most: number) => {
  const error = `a number from 0 to ${most}`;
  return z.number({ error }).check(z.minimum(0, { error }), z.maximum(most, { error }));
};

const event = z
  .strictObject(
    {
      user_id: z.optional(userId),
      video_id: videoId,
      kind: z.enum(["like", "nope", "view"], { error: 'one of "like", "nope", "view"' }),
      at: z
        .optional(z.union([z.number(), z.iso.datetime({ offset: true })], { error: timeError }))
        .register(described, {
          description: "When; absent: now. Give it to make a repeated view the same view",
        }),
      watch_fraction: z
        .optional(upTo(1))
        .register(described, { description: "Of a view: the share that was watched" }),
      watch_seconds: z
        .optional(upTo(86_400))
        .register(described, { description: "Of a view: seconds watched" }),
    },
    { error: "an object with user_id, video_id and kind" },
  )
  .register(described, { id: "Event" });

const eventsError = `a list of 1 to ${maxEvents} events`;

/** Records likes, nopes and views: all of them, or none where one names an unknown video. */
export const events = defineRoute({
  path: "/functions/v1/events",
  name: "events",
  summary: "Records likes, nopes and views; the viewer's next recommendations know of them",
  callers: "viewers",
  request: z
    .strictObject(
      {
        events: z
          .array(event, { error: eventsError })
          .check(z.minLength(1, { error: eventsError }), z.maxLength(maxEvents, { error: eventsError })),
      },
      { error: "an object with events" },
    )
    .register(described, { id: "EventsRequest" }),
  response: () =>
    z
      .object({
        accepted: z.int().register(described, { description: "Events in the request" }),
        inserted: z.int(),
        updated: z.int(),
        unchanged: z
          .int()
          .register(described, { description: "Known already: sending events again is safe" }),
        request_id: z.string(),
      })
      .register(described, { id: "RecordedEvents" }),
  problems: ["unknown_item"],
  handle: async (input, { store, clock, caller }) => {
    const received = toEvents(input.events, { caller, now: clock.now() });
    const { inserted, updated, unchanged } = await recordEvents(store, received);
    return { body: { accepted: received.length, inserted, updated, unchanged } };
  },
});

function toEvents(
  sent: readonly z.infer<typeof event>[],
  { caller, now }: { readonly caller: Caller; readonly now: number },
): CatalogueEvent[] {
  const issues: ProblemIssue[] = [];
  const events = sent.map((event, i): CatalogueEvent => {
    const at = typeof event.at === "string" ? Date.parse(event.at) : (event.at ?? now);
    if (!(at >= earliest && at <= now + clockSkew)) {
      issues.push({ path: `events[${i}].at`, expected: timeError, received: String(event.at).slice(0, 80) });
    }
    const watched = event.watch_fraction ?? event.watch_seconds;
    if (watched !== undefined && event.kind !== "view") {
      const path = `events[${i}].watch_${event.watch_fraction === undefined ? "seconds" : "fraction"}`;
      issues.push({ path, expected: 'nothing, as only a "view" is watched', received: String(watched) });
    }
    return {
      personId: personFor(caller, event.user_id, `events[${i}].user_id`),
      itemId: event.video_id,
      kind: event.kind,
      at: Math.floor(at),
      ...(event.watch_fraction === undefined ? {} : { watchFraction: event.watch_fraction }),
      ...(event.watch_seconds === undefined ? {} : { watchSeconds: event.watch_seconds }),
    };
  });
  if (issues.length > 0) {
    const { path, expected, received } = issues[0]!;
    throw new Problem(
      "invalid_request",
      `Cannot record events as ${path} must be ${expected}: current value is ${received}`,
      { issues: issues.slice(0, 20) },
    );
  }
  return events;
}
