import { type Progress, silentProgress } from "../base/mod.ts";
import type { CatalogueStore, Item } from "../catalogue/mod.ts";
import { itemContentHash } from "./content-hash.ts";
import { type Candidate, checkBatchSize, embedChanged, stopIfAborted } from "./embed-changed.ts";
import type { VectorStore } from "./vector-store.ts";

/** As much of a pair of towers as embedding items needs. */
export interface ItemTower {
  readonly dims: number;
  /** items × dims, unit length. */
  embedItems(items: readonly Item[]): Promise<Float32Array>;
}

/** What {@link embedCatalogue} is given. */
export interface EmbedCatalogueOptions {
  readonly towers: ItemTower;
  /** Where the vectors go; its partition is made when missing. */
  readonly version: string;
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly progress?: Progress;
  /** Items encoded in one matrix product. @default 1000 */
  readonly batchSize?: number;
  /** Stops between batches with FutagoError `cancelled`; what was embedded stays. */
  readonly signal?: AbortSignal;
}

/** What an embedding run did. */
export interface EmbedSummary {
  /** Encoded and stored now. */
  readonly embedded: number;
  /** Stored before, from the same content. */
  readonly unchanged: number;
  /** Vectors of what is withdrawn or no longer there, taken away. */
  readonly removed: number;
}

/**
 * Brings the item vectors of a version up to date: new and changed items are encoded in large batches, those of vanished
 * and withdrawn ones are removed, the rest is left. Killed at any point and run again, it finishes.
 *
 * @param options Towers, stores and version.
 * @returns What was done.
 * @throws FutagoError `cancelled` When the signal stopped it.
 *
 * @example
 * ```ts
 * import { embedCatalogue } from "futago";
 * const { embedded } = await embedCatalogue({ towers, version: "2026.11.20-1", store, vectors });
 * ```
 */
export async function embedCatalogue(options: EmbedCatalogueOptions): Promise<EmbedSummary> {
  const { towers, version, store, vectors, signal, batchSize = 1000 } = options;
  checkBatchSize(batchSize);
  await vectors.createPartition(version, towers.dims);
  const stored = await vectors.itemHashes(version);
  const stale = new Set(stored.keys());
  const task = (options.progress ?? silentProgress).start("Embedding videos", (await store.counts()).items);
  async function* present(): AsyncIterable<Candidate<Item>> {
    for await (const page of store.items({ pageSize: batchSize })) {
      stopIfAborted(signal);
      for (const item of page) {
        if (item.withdrawn) {
          task.advance(1);
          continue;
        }
        stale.delete(item.id);
        yield { row: item, id: item.id, hash: itemContentHash(item) };
      }
    }
  }
  try {
    const done = await embedChanged(present(), {
      stored,
      encode: (items) => towers.embedItems(items),
      put: (batch) => vectors.putItemVectors(version, batch),
      batchSize,
      task,
      signal,
    });
    if (stale.size > 0) await vectors.removeItemVectors(version, [...stale]);
    stopIfAborted(signal);
    await vectors.buildIndex(version);
    return { ...done, removed: stale.size };
  } finally {
    task.done();
  }
}
