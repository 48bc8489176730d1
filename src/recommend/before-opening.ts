import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import { type MadeFrom, madeFrom, type StoredVector, type VectorStore } from "../embeddings/mod.ts";
import type { ModelVersion, VersionStore } from "../registry/mod.ts";
import { admitViewer } from "./admit-viewer.ts";
import { foldedPresets, foldIn } from "./fold-in.ts";
import { hasDeclared } from "./popular-in-taste.ts";
import { hasTaste, type ViewerVector } from "./retrieve.ts";
import type { EmbeddedPerson } from "./store-viewer-vector.ts";
import type { WithoutDatabase } from "./without-database.ts";

/** What is stored of a viewer, as it is read before a version is open. */
export interface StoredViewer<History = PersonHistory | undefined> {
  /** The version that is active. */
  readonly active: ModelVersion;
  /** Their newest events; the items of those may be left out. Undefined for nobody. */
  readonly history: History;
  /** Their vector under that version. */
  readonly stored: StoredVector | undefined;
}

/** Reads what is stored of a viewer, their newest `limit` events among it; undefined where no version is active. */
export type ReadStoredViewer = (
  personId: string,
  options: { readonly limit: number },
) => Promise<StoredViewer | undefined>;

/** Who can be answered without the towers. */
export interface KnownViewer {
  readonly history: PersonHistory;
  /** Absent where nothing tells what they like, so that popularity answers. */
  readonly viewer: ViewerVector | undefined;
}

/** Events that are read: what a schema that says nothing else asks for. */
const events = 1000;

/**
 * Reads from three stores, one after the other: all at once would open more connections, which takes longer than the queries.
 *
 * @param stores Versions, people and vectors.
 * @returns The reader.
 */
export function storedViewerReader(stores: {
  readonly versions: Pick<VersionStore, "active">;
  readonly store: Pick<CatalogueStore, "history">;
  readonly vectors: Pick<VectorStore, "userVector">;
}): ReadStoredViewer {
  const { versions, store, vectors } = stores;
  return async (personId, options) => {
    const active = await versions.active();
    if (active === undefined) return undefined;
    const history = await store.history(personId, options);
    const stored = history && (await vectors.userVector(active.version, personId));
    return { active, history, stored };
  };
}

/**
 * What is stored of viewers whose age is confirmed.
 *
 * @param read The reader.
 * @param memory Told who was read.
 * @returns Throws FutagoError `age_not_confirmed` for everybody else.
 */
export function admittedViewers(
  read: ReadStoredViewer,
  memory: Pick<WithoutDatabase, "reading">,
): (personId: string, ageConfirmed?: boolean) => Promise<StoredViewer<PersonHistory> | undefined> {
  return async (personId, ageConfirmed = false) => {
    const known = memory.reading(personId);
    const found = await read(personId, { limit: events });
    if (found === undefined) return undefined;
    known(found.history);
    return { ...found, history: admitViewer(personId, found.history, ageConfirmed) };
  };
}

/**
 * A viewer as they can be answered before a version is open: by their stored vector, what they liked since folded in, or by
 * popularity, where they never did anything. So a process that has just started answers without its bundle.
 *
 * @param found What is stored of them, their age confirmed.
 * @param vectors Where items have theirs.
 * @returns Undefined where it takes the towers.
 */
export async function viewerBeforeOpening(
  found: StoredViewer<PersonHistory>,
  vectors: Pick<VectorStore, "itemVectors">,
): Promise<KnownViewer | undefined> {
  const { active, history, stored } = found;
  const { version, preset } = active;
  if (!hasTaste(history) && !hasDeclared(history.person)) return { history, viewer: undefined };
  const made = await madeOf(found);
  if (stored === undefined || made === undefined) return undefined;
  const { since } = made;
  if (since.length > 0 && !foldedPresets.has(preset)) return undefined;
  const liked = since.flatMap(({ kind, itemId }) => (kind === "like" ? [itemId] : []));
  const make = async (): Promise<Float32Array> => {
    if (liked.length === 0) return stored.vector;
    return foldIn(stored.vector, (await vectors.itemVectors(version, liked)).values());
  };
  return { history, viewer: { version, source: "two_tower", make } };
}

/**
 * The stored vector of a viewer who has done nothing since it was made: there is nothing to compute anew.
 *
 * @param found What is stored of them, their age confirmed.
 * @returns Undefined where it takes the towers.
 */
export async function vectorBeforeOpening(
  found: StoredViewer<PersonHistory>,
): Promise<EmbeddedPerson | undefined> {
  const { active, stored } = found;
  const made = await madeOf(found);
  if (stored === undefined || made === undefined || made.since.length > 0) return undefined;
  return { version: active.version, vector: stored.vector, events: made.events, stored: true };
}

async function madeOf({ stored, history }: StoredViewer<PersonHistory>): Promise<MadeFrom | undefined> {
  return stored && madeFrom(stored.contentHash, { history, read: events });
}
