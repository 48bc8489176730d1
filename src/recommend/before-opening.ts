import type { PersonHistory } from "../catalogue/mod.ts";
import { type MadeFrom, madeFrom, type VectorStore } from "../embeddings/mod.ts";
import type { ModelVersion } from "../registry/mod.ts";
import { foldedPresets, foldIn } from "./fold-in.ts";
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
  readonly active: Pick<ModelVersion, "version" | "preset">;
  readonly vectors: Pick<VectorStore, "userVector" | "itemVectors">;
  /** Reads a history, the age confirmed. */
  readonly historyOf: (limit: number) => Promise<PersonHistory>;
}

/** Events that are read: what a schema that says nothing else asks for. */
const events = 1000;

/**
 * A viewer as they can be answered before a version is open: by their stored vector, what they liked since folded in, or by
 * popularity, where they never did anything. So a process that has just started answers without its bundle.
 *
 * @param personId Who.
 * @param from What is known.
 * @returns Undefined where it takes the towers.
 */
export async function viewerBeforeOpening(
  personId: string,
  from: BeforeOpening,
): Promise<KnownViewer | undefined> {
  const { active, vectors } = from;
  const { version, preset } = active;
  const history = await from.historyOf(events);
  if (!hasTaste(history) && !hasDeclared(history.person)) return { history, viewer: undefined };
  const stored = await storedVector(personId, history, from);
  if (stored === undefined) return undefined;
  const { vector, since } = stored;
  if (since.length > 0 && !foldedPresets.has(preset)) return undefined;
  const liked = since.flatMap(({ kind, itemId }) => (kind === "like" ? [itemId] : []));
  const make = async (): Promise<Float32Array> => {
    if (liked.length === 0) return vector;
    return foldIn(vector, (await vectors.itemVectors(version, liked)).values());
  };
  return { history, viewer: { version, source: "two_tower", make } };
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
  const stored = await storedVector(personId, await from.historyOf(events), from);
  if (stored === undefined || stored.since.length > 0) return undefined;
  return { version: from.active.version, vector: stored.vector, events: stored.events, stored: true };
}

// After the history, not beside it: both at once would open a second connection, which takes longer than a query.
async function storedVector(
  personId: string,
  history: PersonHistory,
  { active, vectors }: BeforeOpening,
): Promise<(MadeFrom & { readonly vector: Float32Array }) | undefined> {
  const stored = await vectors.userVector(active.version, personId);
  const made = stored && (await madeFrom(stored.contentHash, { history, read: events }));
  return made && { ...made, vector: stored.vector };
}
