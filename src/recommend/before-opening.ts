import type { PersonHistory } from "../catalogue/mod.ts";
import { madeFromEvents, type VectorStore } from "../embeddings/mod.ts";
import { hasDeclared } from "./popular-in-taste.ts";
import { hasTaste, type ViewerVector } from "./retrieve.ts";
import type { EmbeddedPerson } from "./store-viewer-vector.ts";

/** Who can be answered without the towers. */
export interface KnownViewer {
  readonly history: PersonHistory;
  /** Absent where nothing tells what they like, so that popularity answers. */
  readonly viewer: ViewerVector | undefined;
}

/** What is known of a viewer before a version is open. */
export interface BeforeOpening {
  /** The version that is active. */
  readonly version: string;
  readonly vectors: Pick<VectorStore, "userVector">;
  /** Reads a history, the age confirmed. */
  readonly historyOf: (limit: number) => Promise<PersonHistory>;
}

/** Events that are read: what a schema that says nothing else asks for. */
const events = 1000;

/**
 * A viewer as they can be answered before a version is open: by their stored vector, where they have done nothing since it was
 * made, or by popularity, where they never did anything. So a process that has just started answers without its bundle.
 *
 * @param personId Who.
 * @param from What is known.
 * @returns Undefined where it takes the towers.
 */
export async function viewerBeforeOpening(
  personId: string,
  from: BeforeOpening,
): Promise<KnownViewer | undefined> {
  const history = await from.historyOf(events);
  if (!hasTaste(history) && !hasDeclared(history.person)) return { history, viewer: undefined };
  const stored = await currentVector(personId, history, from);
  if (stored === undefined) return undefined;
  const { version, vector } = stored;
  return { history, viewer: { version, source: "two_tower", make: async () => vector } };
}

/**
 * The stored vector of a viewer who has done nothing since it was made: there is nothing to compute anew.
 *
 * @param personId Who.
 * @param from What is known.
 * @returns Undefined where it takes the towers.
 */
export async function vectorBeforeOpening(
  personId: string,
  from: BeforeOpening,
): Promise<EmbeddedPerson | undefined> {
  return currentVector(personId, await from.historyOf(events), from);
}

// After the history, not beside it: both at once would open a second connection, which takes longer than a query.
async function currentVector(
  personId: string,
  history: PersonHistory,
  { version, vectors }: BeforeOpening,
): Promise<EmbeddedPerson | undefined> {
  const stored = await vectors.userVector(version, personId);
  if (stored === undefined) return undefined;
  const made = await madeFromEvents(stored.contentHash, { history, read: events });
  return made === undefined ? undefined : { version, vector: stored.vector, events: made, stored: true };
}
