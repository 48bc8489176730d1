import { isFutagoError } from "../base/mod.ts";
import type { PersonHistory } from "../catalogue/mod.ts";
import { historyContentHash, type VectorStore } from "../embeddings/mod.ts";
import type { LoadedModel } from "../registry/mod.ts";

/** A person's vector and where it belongs. */
export interface EmbeddedPerson {
  readonly version: string;
  /** Unit length. */
  readonly vector: Float32Array;
  /** How many events it was computed from. */
  readonly events: number;
  /** False where the database takes no changes now: the vector was computed all the same. */
  readonly stored: boolean;
}

/**
 * Stores the vector of a viewer, so that a process that has just started can answer them without its bundle.
 *
 * @param history What the vector was made from.
 * @param options The towers that made it, the vector, and where to.
 * @returns What was stored, or not, where the database takes no changes.
 */
export async function storeViewerVector(
  history: PersonHistory,
  options: { readonly towers: LoadedModel; readonly vector: Float32Array; readonly vectors: VectorStore },
): Promise<EmbeddedPerson> {
  const { towers, vector, vectors } = options;
  const { version } = towers;
  const embedded = { version, vector, events: history.events.length };
  const contentHashes = [await historyContentHash(history, towers.towers.historyEvents)];
  try {
    await vectors.createPartition(version, vector.length);
    await vectors.putUserVectors(version, { ids: [history.person.id], vectors: vector, contentHashes });
  } catch (error) {
    // What is stored is a copy; the next answer computes the vector anew.
    if (!(isFutagoError(error) && error.code === "database_read_only")) throw error;
    return { ...embedded, stored: false };
  }
  return { ...embedded, stored: true };
}
