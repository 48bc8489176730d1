import type { CatalogueEvent, CatalogueStore } from "../../catalogue/mod.ts";
import { Problem, type ProblemIssue } from "../problem.ts";
import { defineRoute } from "../route.ts";
import { type EventRequest, eventsRequest, eventsResponse, timeError } from "../wire.ts";

/** Clocks of callers may run this far ahead of ours, in milliseconds. */
const clockSkew = 300_000;
const earliest = Date.UTC(1990, 0, 1);

/** Records likes, nopes and views: all of them, or none where one names an unknown video. */
export const events = defineRoute({
  path: "/functions/v1/events",
  name: "events",
  summary: "Records likes, nopes and views; the viewer's next recommendations know of them",
  request: eventsRequest,
  response: eventsResponse,
  problems: ["unknown_item"],
  handle: async (input, { store, clock }) => {
    const now = clock.now();
    const received = toEvents(input.events, now);
    await requireItems(store, received);
    const { inserted, updated, unchanged } = await record(store, received);
    return { body: { accepted: received.length, inserted, updated, unchanged } };
  },
});

async function record(
  store: CatalogueStore,
  events: readonly CatalogueEvent[],
): Promise<{ readonly inserted: number; readonly updated: number; readonly unchanged: number }> {
  const first = await store.putEvents(events);
  if (first.orphaned === 0) return first;
  // A viewer we do not know yet gets a profile without a confirmed age: nothing is lost, and nothing is recommended.
  const newPeople = [...new Set(events.map((event) => event.personId))].map((id) => ({ id, fields: {} }));
  await store.putBatch({ newPeople });
  const again = await store.putEvents(events);
  const inserted = first.inserted + again.inserted;
  const updated = first.updated + again.updated;
  return { inserted, updated, unchanged: events.length - inserted - updated - again.orphaned };
}

function toEvents(sent: readonly EventRequest[], now: number): CatalogueEvent[] {
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
      personId: event.user_id,
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
      issues.slice(0, 20),
    );
  }
  return events;
}

async function requireItems(store: CatalogueStore, events: readonly CatalogueEvent[]): Promise<void> {
  const known = new Set<string>();
  for await (const page of store.items({ ids: [...new Set(events.map((event) => event.itemId))] })) {
    for (const item of page) known.add(item.id);
  }
  const issues = events.flatMap(({ itemId }, i): ProblemIssue[] =>
    known.has(itemId)
      ? []
      : [
          {
            path: `events[${i}].video_id`,
            expected: "a video of the catalogue",
            received: itemId.slice(0, 80),
          },
        ],
  );
  if (issues.length === 0) return;
  throw new Problem(
    "unknown_item",
    `Cannot record events as every video must be in the catalogue: ${issues.length} are not; import them first. Nothing was recorded`,
    issues.slice(0, 20),
  );
}
