import type { CatalogueEvent } from "./event.ts";
import type { MemoryCatalogue } from "./memory-store.ts";

/** A row about a person: columns by name, moments as ISO 8601 in UTC, vectors as arrays of numbers. */
export type PersonRow = Readonly<Record<string, unknown>>;

/**
 * All that is kept of a person, as the document they are handed: its names are those of the wire and of the database.
 */
export interface PersonExport {
  /** The layout of this document. */
  readonly format: "futago-person/1";
  readonly user_id: string;
  /** Every table that names people, with the rows about this one; a table without any is there, and empty. */
  readonly tables: Readonly<Record<string, readonly PersonRow[]>>;
}

/** What a person may ask of whoever keeps records of them. */
export interface PersonRecords {
  /**
   * Removes a person and everything that is kept of them, under every version of the model. Copies elsewhere are
   * their keepers' to remove: backups, the caches of running servers (`InferenceEngine.forget`), the sign-in account.
   *
   * @param personId Whom.
   * @returns True where there was such a person.
   */
  erase(personId: string): Promise<boolean>;
  /**
   * @param personId Whose records.
   * @returns All that is kept; undefined where nothing is.
   */
  export(personId: string): Promise<PersonExport | undefined>;
}

/** User vectors in memory, as {@link createMemoryPersonRecords} reads and removes them. */
export interface MemoryPersonVectors {
  /** A person's vectors, by version. */
  userVectors(personId: string): readonly {
    readonly version: string;
    readonly vector: Float32Array;
    readonly contentHash: string;
  }[];
  removeUserVectors(personId: string): void;
}

/**
 * The records of people in a catalogue in memory: the reference for what every {@link PersonRecords} does.
 *
 * @param store The catalogue.
 * @param options `vectors`: where vectors of people are kept too.
 * @returns The records.
 *
 * @example
 * ```ts
 * import { createMemoryCatalogue, createMemoryPersonRecords } from "futago";
 * const people = createMemoryPersonRecords(createMemoryCatalogue({ people: [{ id: "viewer-1", fields: {} }] }));
 * await people.erase("viewer-1"); // true
 * await people.export("viewer-1"); // undefined
 * ```
 */
export function createMemoryPersonRecords(
  store: MemoryCatalogue,
  options: { readonly vectors?: MemoryPersonVectors } = {},
): PersonRecords {
  const { vectors } = options;
  return Object.freeze<PersonRecords>({
    erase: async (personId: string) => {
      vectors?.removeUserVectors(personId);
      return store.removePerson(personId);
    },
    export: async (personId: string) => {
      const history = await store.history(personId, { limit: Number.MAX_SAFE_INTEGER });
      if (history === undefined) return undefined;
      const { person, events } = history;
      const blocks = await store.blocks(personId);
      const user_id = person.id;
      const of = (kind: CatalogueEvent["kind"]) => events.filter((event) => event.kind === kind);
      return {
        format: "futago-person/1",
        user_id,
        tables: {
          likes: of("like").map(({ itemId, at }) => ({ user_id, video_id: itemId, created_at: moment(at) })),
          profiles: [
            {
              user_id,
              age_confirmed_at: moment(person.ageConfirmedAt),
              attributes: { ...person.fields },
              taste: person.taste ?? null,
            },
          ],
          user_blocks: blocks === undefined ? [] : [{ user_id, ...blocks }],
          user_embeddings: (vectors?.userVectors(personId) ?? []).map(({ version, vector, contentHash }) => ({
            user_id,
            model_version: version,
            embedding: [...vector],
            content_hash: contentHash,
          })),
          user_video_decisions: of("nope").map(({ itemId, at }) => ({
            user_id,
            video_id: itemId,
            decision: "nope",
            decided_at: moment(at),
          })),
          video_views: of("view").map(({ itemId, at, watchFraction, watchSeconds }) => ({
            user_id,
            video_id: itemId,
            viewed_at: moment(at),
            watch_fraction: watchFraction ?? null,
            watch_seconds: watchSeconds ?? null,
          })),
        },
      };
    },
  });
}

function moment(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
