import { FutagoError, type Progress, silentProgress } from "../base/mod.ts";
import type { CatalogueStore, Item } from "../catalogue/mod.ts";
import { itemContentHash } from "./content-hash.ts";
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
  let unchanged = 0;
  let embedded = 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (batch: readonly Item[], hashes: readonly string[]): Promise<void> => {
    stopIfAborted(signal);
    const encoded = await towers.embedItems(batch);
    // The next batch is encoded while this one is stored: the model and the database use different cores.
    await writing;
    writing = vectors.putItemVectors(version, {
      ids: batch.map((item) => item.id),
      vectors: encoded,
      contentHashes: hashes,
    });
    // Awaited by the next write or at the end; until then a failure must not count as unhandled.
    writing.catch(() => {});
    embedded += batch.length;
    task.advance(batch.length);
  };
  try {
    let batch: Item[] = [];
    let hashes: string[] = [];
    for await (const page of store.items({ pageSize: batchSize })) {
      stopIfAborted(signal);
      for (const item of page) {
        if (item.withdrawn) {
          task.advance(1);
          continue;
        }
        stale.delete(item.id);
        const hash = itemContentHash(item);
        if (stored.get(item.id) === hash) {
          unchanged++;
          task.advance(1);
          continue;
        }
        batch.push(item);
        hashes.push(hash);
        if (batch.length < batchSize) continue;
        await write(batch, hashes);
        batch = [];
        hashes = [];
      }
    }
    if (batch.length > 0) await write(batch, hashes);
    await writing;
    if (stale.size > 0) await vectors.removeItemVectors(version, [...stale]);
    stopIfAborted(signal);
    await vectors.buildIndex(version);
  } finally {
    // Nothing may still be writing when the caller closes the database.
    await writing.catch(() => {});
    task.done();
  }
  return { embedded, unchanged, removed: stale.size };
}

/** Throws FutagoError `cancelled` once the signal is aborted. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new FutagoError(
    "cancelled",
    "Cannot finish embedding as it was cancelled: run the same again to go on",
  );
}

/** Throws RangeError unless a batch holds something. */
export function checkBatchSize(batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize > 0) return;
  throw new RangeError(
    `Cannot embed as batchSize must be a positive whole number: current value is ${batchSize}`,
  );
}
