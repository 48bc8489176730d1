import type { CatalogueEvent } from "./event.ts";
import type { Fields, Item } from "./item.ts";
import type { Person, Taste } from "./person.ts";

/** What an upsert did. Unchanged rows are neither written nor stamped, so that nothing is re-embedded for them. */
export interface PutCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Rows that refer to a person or an item that the store does not hold. */
  readonly orphaned: number;
}

/** Where an import stands, so that it can go on after a kill. */
export interface ImportCursor {
  /** What is imported: a hash over the source's name, size and mapping. */
  readonly source: string;
  /** The next line to read of each file. */
  readonly lines: Readonly<Record<string, number>>;
}

/** A person with the latest of what they did: what a user tower needs, read in one go. */
export interface PersonHistory {
  readonly person: Person;
  /** Newest last; each item with its fields, so that features can be computed from it. */
  readonly events: readonly CatalogueEvent[];
  readonly items: ReadonlyMap<string, Item>;
}

/** Makers and performers that a person does not want to see, each name once and in code-unit order. */
export interface Blocks {
  readonly makers: readonly string[];
  readonly performers: readonly string[];
}

/**
 * The catalogue and its history, kept. Implemented over Postgres and PGlite in `adapters/postgres`.
 *
 * Every `put` is idempotent: the same rows again change nothing. Likes and nopes are unique by person and item
 * (the latest wins), views by person, item and time.
 */
export interface CatalogueStore {
  putItems(items: readonly Item[]): Promise<PutCounts>;
  /** Writes fields and ages; what people said they like stays as it is. */
  putPeople(people: readonly Person[]): Promise<PutCounts>;
  putEvents(events: readonly CatalogueEvent[]): Promise<PutCounts>;
  /** Writes a batch and where the import stands, in one transaction. */
  putBatch(
    batch: {
      readonly items?: readonly Item[];
      readonly people?: readonly Person[];
      /**
       * People of whom nothing is known but that events name them: inserted where the store has no such id, left
       * as they are (and counted as unchanged) where it has, so that an import of events wipes nobody's facts.
       */
      readonly newPeople?: readonly Person[];
      readonly events?: readonly CatalogueEvent[];
    },
    cursor?: ImportCursor,
  ): Promise<PutCounts>;
  importCursor(source: string): Promise<ImportCursor | undefined>;
  clearImportCursor(source: string): Promise<void>;

  /** All items by id order, in pages; `ids` limits to those. */
  items(options?: {
    readonly ids?: readonly string[];
    readonly pageSize?: number;
  }): AsyncIterable<readonly Item[]>;
  people(options?: { readonly pageSize?: number }): AsyncIterable<readonly Person[]>;
  /** All events, in pages, by person. */
  events(options?: { readonly pageSize?: number }): AsyncIterable<readonly CatalogueEvent[]>;

  /** Undefined for a person nobody has told us of. `limit` counts events, newest kept. */
  history(personId: string, options: { readonly limit: number }): Promise<PersonHistory | undefined>;
  /** How many rows there are. */
  counts(): Promise<{ readonly items: number; readonly people: number; readonly events: number }>;
  /**
   * Takes an item down or puts it back; true where it exists. An item reads as `withdrawn` while it or any of its
   * performers is.
   */
  setWithdrawn(itemId: string, withdrawn: boolean): Promise<boolean>;
  /**
   * Takes a performer down or puts them back, and with them every item that has them in `performers`, also one that is
   * put later. Items that were withdrawn on their own stay so. True where an item has ever named the performer.
   */
  setPerformerWithdrawn(name: string, withdrawn: boolean): Promise<boolean>;
  /**
   * Says anew whose items a person is not shown; empty lists: nobody's.
   *
   * @returns False for an unknown person.
   * @throws RangeError For more than 1000 makers or performers, or a name of more than 200 characters or none.
   */
  setBlocks(personId: string, blocks: Blocks): Promise<boolean>;
  /**
   * Takes down what a person says of themselves; somebody new gets a profile without a confirmed age. What is not named stays as
   * it was, and an empty list takes a field of the taste back.
   *
   * @throws RangeError For more than 100 values of a field, or one of more than 200 characters or none.
   */
  declare(personId: string, said: { readonly taste?: Taste; readonly fields?: Fields }): Promise<void>;
  /** Whose items a person is not shown; undefined for an unknown person. */
  blocks(personId: string): Promise<Blocks | undefined>;
}
