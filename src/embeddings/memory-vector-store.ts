import { FutagoError } from "../base/mod.ts";
import { type CatalogueStore, type Item, itemFacts, type MemoryPersonVectors } from "../catalogue/mod.ts";
import { checkFilter, matchesFilter, withBlocks } from "./item-filter.ts";
import type { ItemFilter, Neighbour, VectorBatch, VectorStore } from "./vector-store.ts";

/** A like loses half its weight in so many milliseconds: 30 days. */
const likeHalfLife = 30 * 86_400_000;

interface Stored {
  readonly vector: Float32Array;
  readonly hash: string;
}

interface Partition {
  readonly dims: number;
  readonly items: Map<string, Stored>;
  readonly users: Map<string, Stored>;
}

/**
 * Vectors in memory, searched exactly: the reference for what every {@link VectorStore} does. What is withdrawn, seen
 * or popular it reads from the catalogue at each question.
 *
 * @param catalogue Whose items and people the vectors belong to.
 * @returns An empty store.
 */
export function createMemoryVectorStore(catalogue: CatalogueStore): VectorStore & MemoryPersonVectors {
  const partitions = new Map<string, Partition>();

  const partition = (version: string): Partition => {
    const found = partitions.get(version);
    if (found !== undefined) return found;
    throw new FutagoError(
      "not_found",
      `Cannot use the vectors of version "${version}" as it must have a partition: run futago embed first`,
      { details: { version } },
    );
  };
  const checkWidth = (version: string, vector: Float32Array): void => {
    checkFinite(vector);
    if (vector.length === partition(version).dims) return;
    throw new RangeError(
      `Cannot use the vectors of version "${version}" as widths must agree: use the towers of that version`,
    );
  };
  const put = (rows: Map<string, Stored>, batch: VectorBatch, dims: number, known: ReadonlySet<string>) => {
    const { ids, vectors, contentHashes } = batch;
    if (vectors.length !== ids.length * dims || contentHashes.length !== ids.length) {
      throw new RangeError(
        `Cannot store vectors as each of ${ids.length} ids must have ${dims} numbers and a hash: ` +
          `current counts are ${vectors.length} and ${contentHashes.length}`,
      );
    }
    checkFinite(vectors);
    for (const [i, id] of ids.entries()) {
      if (known.has(id)) {
        rows.set(id, { vector: vectors.slice(i * dims, (i + 1) * dims), hash: contentHashes[i]! });
      }
    }
  };
  const hashes = (rows: ReadonlyMap<string, Stored>): ReadonlyMap<string, string> =>
    new Map([...rows].map(([id, { hash }]) => [id, hash]));

  return {
    createPartition: async (version, dims) => {
      if (!(Number.isInteger(dims) && dims >= 1 && dims <= 4000)) {
        throw new RangeError(
          `Cannot keep vectors as their width must be 1 to 4000: current value is ${dims}`,
        );
      }
      const known = partitions.get(version);
      if (known !== undefined && known.dims !== dims) {
        throw new RangeError(
          `Cannot use the vectors of version "${version}" as widths must agree: use the towers of that version`,
        );
      }
      if (known === undefined) partitions.set(version, { dims, items: new Map(), users: new Map() });
    },
    putItemVectors: async (version, batch) => {
      const { items, dims } = partition(version);
      put(items, batch, dims, new Set((await itemsOf(catalogue)).map((item) => item.id)));
    },
    putUserVectors: async (version, batch) => {
      const { users, dims } = partition(version);
      const known = new Set<string>();
      for await (const page of catalogue.people()) for (const person of page) known.add(person.id);
      put(users, batch, dims, known);
    },
    itemHashes: async (version, ids) => {
      const { items } = partition(version);
      if (ids === undefined) return hashes(items);
      const asked = new Set(ids);
      return hashes(new Map([...items].filter(([id]) => asked.has(id))));
    },
    userHashes: async (version) => hashes(partition(version).users),
    userVector: async (version, personId) => {
      const stored = partitions.get(version)?.users.get(personId);
      return stored && { vector: stored.vector.slice(), contentHash: stored.hash };
    },
    removeItemVectors: async (version, ids) => {
      const { items } = partition(version);
      for (const id of ids) items.delete(id);
    },
    buildIndex: async (version) => ({ indexed: false, rows: partition(version).items.size }),
    nearest: async (query) => {
      checkLimit(query.limit);
      checkWidth(query.version, query.vector);
      const { items } = partition(query.version);
      const found: Neighbour[] = [];
      const likes = query.newcomers && (await likesOf(catalogue));
      for (const { id, releasedAt } of await shownItems(catalogue, query)) {
        if (query.newcomers !== undefined) {
          const { releasedAfter, mostLikes } = query.newcomers;
          if (!(releasedAt !== undefined && releasedAt > releasedAfter)) continue;
          if ((likes?.get(id) ?? 0) > mostLikes) continue;
        }
        const stored = items.get(id);
        if (stored !== undefined)
          found.push({ itemId: id, score: innerProduct(stored.vector, query.vector) });
      }
      return found.sort(byScoreThenId).slice(0, query.limit);
    },
    scores: async ({ version, vector, itemIds, personId }) => {
      checkWidth(version, vector);
      const { items } = partition(version);
      const shown = new Set((await allowedItems(catalogue, personId)).map((item) => item.id));
      return itemIds.map((id) => {
        const stored = items.get(id);
        return stored === undefined || !shown.has(id) ? undefined : innerProduct(stored.vector, vector);
      });
    },
    rank: async ({ itemId, ...query }) => {
      checkWidth(query.version, query.vector);
      const { items } = partition(query.version);
      const stored = items.get(itemId);
      if (stored === undefined) return undefined;
      const own = { itemId, score: innerProduct(stored.vector, query.vector) };
      let rank = 1;
      for (const { id } of await shownItems(catalogue, query)) {
        const other = items.get(id);
        if (other === undefined || id === itemId) continue;
        if (byScoreThenId({ itemId: id, score: innerProduct(other.vector, query.vector) }, own) < 0) rank++;
      }
      return { score: own.score, rank };
    },
    itemVectors: async (version, ids) => {
      const { items } = partition(version);
      return new Map(ids.flatMap((id) => (items.has(id) ? [[id, items.get(id)!.vector.slice()]] : [])));
    },
    popular: async (query) => {
      checkLimit(query.limit);
      const weights = new Map<string, number>();
      // Weight of a like: 2^(at / half-life), here from the year 2020, as the order is the same from any moment.
      for await (const page of catalogue.events()) {
        for (const { itemId, kind, at } of page) {
          if (kind !== "like") continue;
          const weight = 2 ** Math.max(-1000, Math.min(1000, (at - Date.UTC(2020, 0, 1)) / likeHalfLife));
          weights.set(itemId, (weights.get(itemId) ?? 0) + weight);
        }
      }
      const top = [...weights.values()].reduce((best, weight) => Math.max(best, weight), 0);
      const shown = await shownItems(catalogue, query);
      const newest = (item: Item): number => item.releasedAt ?? Number.NEGATIVE_INFINITY;
      const liked = shown.filter((item) => weights.has(item.id));
      const unliked = shown
        .filter((item) => !weights.has(item.id))
        .sort((a, b) => compare(newest(b), newest(a)) || compare(a.id, b.id));
      return [
        ...liked.map((item) => ({ itemId: item.id, score: weights.get(item.id)! / top })).sort(byScoreThenId),
        ...unliked.map((item) => ({ itemId: item.id, score: 0 })),
      ].slice(0, query.limit);
    },
    dropPartition: async (version) => {
      partitions.delete(version);
    },
    userVectors: (personId) =>
      [...partitions].flatMap(([version, { users }]) => {
        const stored = users.get(personId);
        return stored === undefined
          ? []
          : [{ version, vector: stored.vector.slice(), contentHash: stored.hash }];
      }),
    removeUserVectors: (personId) => {
      for (const { users } of partitions.values()) users.delete(personId);
    },
  };
}

async function likesOf(catalogue: CatalogueStore): Promise<ReadonlyMap<string, number>> {
  const likes = new Map<string, number>();
  for await (const page of catalogue.events()) {
    for (const { itemId, kind } of page) if (kind === "like") likes.set(itemId, (likes.get(itemId) ?? 0) + 1);
  }
  return likes;
}

async function itemsOf(catalogue: CatalogueStore): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of catalogue.items()) items.push(...page);
  return items;
}

// Neither withdrawn, nor blocked, nor outside the filter.
async function allowedItems(
  catalogue: CatalogueStore,
  personId: string | undefined,
  filter: ItemFilter = {},
): Promise<Item[]> {
  checkFilter(filter);
  const asked = withBlocks(filter, personId === undefined ? undefined : await catalogue.blocks(personId));
  return (await itemsOf(catalogue)).filter(
    (item) => !item.withdrawn && matchesFilter(itemFacts(item), asked),
  );
}

// Nor liked, refused, or watched for a tenth or more; a view of unknown length counts as watched.
async function shownItems(
  catalogue: CatalogueStore,
  query: { readonly personId?: string; readonly exclude?: readonly string[]; readonly filter?: ItemFilter },
): Promise<Item[]> {
  const { personId, filter } = query;
  const hidden = new Set(query.exclude);
  const history =
    personId === undefined
      ? undefined
      : await catalogue.history(personId, { limit: Number.MAX_SAFE_INTEGER });
  for (const event of history?.events ?? []) {
    if (event.kind !== "view" || (event.watchFraction ?? 1) >= 0.1) hidden.add(event.itemId);
  }
  return (await allowedItems(catalogue, personId, filter)).filter((item) => !hidden.has(item.id));
}

function innerProduct(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function byScoreThenId(a: Neighbour, b: Neighbour): number {
  return compare(b.score, a.score) || compare(a.itemId, b.itemId);
}

function compare<Value extends number | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkFinite(vectors: Float32Array): void {
  if (vectors.every(Number.isFinite)) return;
  throw new RangeError("Cannot use vectors as each number must be finite: current ones hold NaN or infinity");
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return;
  throw new RangeError(
    `Cannot look for items as limit must be a whole number of 1 to 1000: current value is ${limit}`,
  );
}
