import type { CatalogueEvent, CatalogueStore } from "../../catalogue/mod.ts";
import { Problem, type ProblemIssue } from "../problem.ts";

/** What recording events did. */
export interface RecordedEvents {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
}

/**
 * Records events: all of them, or none where one names an unknown video. A viewer we do not know yet gets a profile
 * without a confirmed age: nothing is lost, and nothing is recommended.
 *
 * @param store Where to.
 * @param events In the order they were sent.
 * @returns What was written.
 * @throws Problem `unknown_item`.
 */
export async function recordEvents(
  store: CatalogueStore,
  events: readonly CatalogueEvent[],
): Promise<RecordedEvents> {
  await requireItems(store, events);
  const first = await store.putEvents(events);
  if (first.orphaned === 0) return first;
  const newPeople = [...new Set(events.map((event) => event.personId))].map((id) => ({ id, fields: {} }));
  await store.putBatch({ newPeople });
  const again = await store.putEvents(events);
  const inserted = first.inserted + again.inserted;
  const updated = first.updated + again.updated;
  return { inserted, updated, unchanged: events.length - inserted - updated - again.orphaned };
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
    { issues: issues.slice(0, 20) },
  );
}
