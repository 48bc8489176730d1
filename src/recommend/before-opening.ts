import type { PersonHistory } from "../catalogue/mod.ts";
import { isMadeFrom, type VectorStore } from "../embeddings/mod.ts";
import { hasDeclared } from "./popular-in-taste.ts";
import { hasTaste, type ViewerVector } from "./retrieve.ts";

/** Who can be answered without the towers. */
export interface KnownViewer {
  readonly history: PersonHistory;
  /** Absent where nothing tells what they like, so that popularity answers. */
  readonly viewer: ViewerVector | undefined;
}

/** Events that are read: what a schema that says nothing else asks for. */
const events = 1000;

/**
 * A viewer as they can be answered before a version is open: by their stored vector, where they have done nothing since it was
 * made, or by popularity, where they never did anything. So a process that has just started answers without its bundle.
 *
 * @param personId Who.
 * @param from The version that is active, its vectors, and what reads a history, the age confirmed.
 * @returns Undefined where it takes the towers.
 */
export async function viewerBeforeOpening(
  personId: string,
  from: {
    readonly version: string;
    readonly vectors: Pick<VectorStore, "userVector">;
    readonly historyOf: (limit: number) => Promise<PersonHistory>;
  },
): Promise<KnownViewer | undefined> {
  const { version, vectors, historyOf } = from;
  // One after the other: both at once would open a second connection, which takes longer than a query.
  const history = await historyOf(events);
  if (!hasTaste(history) && !hasDeclared(history.person)) return { history, viewer: undefined };
  const stored = await vectors.userVector(version, personId);
  if (stored === undefined) return undefined;
  if (!(await isMadeFrom(stored.contentHash, { history, read: events }))) return undefined;
  return { history, viewer: { version, source: "two_tower", make: async () => stored.vector } };
}
