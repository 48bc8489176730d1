/** Vectors by id: `vectors` holds ids.length × dims numbers, row-major, each row of unit length. */
export interface VectorBatch {
  readonly ids: readonly string[];
  readonly vectors: Float32Array;
  /** Per id: hash of what was encoded, so that only what changed is embedded again. */
  readonly contentHashes: readonly string[];
}

/** A vector as it is stored. */
export interface StoredVector {
  /** Unit length. */
  readonly vector: Float32Array;
  readonly contentHash: string;
}

/** What an item must be to be found; every condition that is given must hold, and an empty list is none. */
export interface ItemFilter {
  /** At least one of these genres. */
  readonly genres?: readonly string[];
  /** A price of at least this; an item without a price is not found. */
  readonly minPrice?: number;
  /** A price of at most this; an item without a price is not found. */
  readonly maxPrice?: number;
  /** None of these makers. */
  readonly excludeMakers?: readonly string[];
  /** None of these performers. */
  readonly excludePerformers?: readonly string[];
}

/** What to look for. */
export interface NearestQuery {
  readonly version: string;
  /** Unit length, of the version's width. */
  readonly vector: Float32Array;
  /** How many, 1-1000. */
  readonly limit: number;
  /** Whose seen, nope'd and blocked items are left out; absent: nobody's. */
  readonly personId?: string;
  /** Further items to leave out. */
  readonly exclude?: readonly string[];
  readonly filter?: ItemFilter;
  /** Only items released after a moment, in milliseconds since 1970, and liked so often at most. */
  readonly newcomers?: { readonly releasedAfter: number; readonly mostLikes: number };
}

/** An item and its inner product with the query. */
export interface Neighbour {
  readonly itemId: string;
  readonly score: number;
}

/** Where an item stands in a search. */
export interface Standing {
  /** Its inner product with the query. */
  readonly score: number;
  /** Counted from 1. */
  readonly rank: number;
}

/**
 * Item and user vectors, partitioned by model version: two versions live side by side and never meet in one query.
 * Implemented over pgvector in `adapters/postgres`.
 */
export interface VectorStore {
  /** Makes room for a version; does nothing where there is room already. */
  createPartition(version: string, dims: number): Promise<void>;
  putItemVectors(version: string, batch: VectorBatch): Promise<void>;
  putUserVectors(version: string, batch: VectorBatch): Promise<void>;
  /** id -> content hash of every item vector stored under a version, or of those of given items alone. */
  itemHashes(version: string, ids?: readonly string[]): Promise<ReadonlyMap<string, string>>;
  userHashes(version: string): Promise<ReadonlyMap<string, string>>;
  /** A stored user vector, half precision at least, with its content hash; undefined where there is none, or no such version. */
  userVector(version: string, personId: string): Promise<StoredVector | undefined>;
  removeItemVectors(version: string, ids: readonly string[]): Promise<void>;
  /** Builds the nearest-neighbour index where the partition is large enough to want one. Idempotent. */
  buildIndex(version: string): Promise<{ readonly indexed: boolean; readonly rows: number }>;
  /**
   * The nearest items, best first, ties by id; withdrawn, seen, nope'd, blocked and excluded ones and those outside the
   * filter left out; never fewer than asked while enough exist.
   */
  nearest(query: NearestQuery): Promise<readonly Neighbour[]>;
  /** Exact inner products for given items, in their order; undefined for one that is unknown, withdrawn or blocked. */
  scores(query: {
    readonly version: string;
    readonly vector: Float32Array;
    readonly itemIds: readonly string[];
    /** Whose blocks count; absent: nobody's. */
    readonly personId?: string;
  }): Promise<readonly (number | undefined)[]>;
  /**
   * The score of one item, and its place, from 1, among all that `nearest` could give: its own place or the one it would
   * have. Looks at every vector of the version. Undefined for an item that has none.
   */
  rank(query: Omit<NearestQuery, "limit"> & { readonly itemId: string }): Promise<Standing | undefined>;
  /** Vectors of given items, half precision at least; those that are unknown or have none are left out. */
  itemVectors(version: string, ids: readonly string[]): Promise<ReadonlyMap<string, Float32Array>>;
  /** The most liked items not seen by the person, best first: the answer where there is no vector. */
  popular(query: Omit<NearestQuery, "version" | "vector">): Promise<readonly Neighbour[]>;
  dropPartition(version: string): Promise<void>;
}
