import { isFutagoError } from "../base/mod.ts";
import type { CatalogueStore, Item, PutCounts } from "../catalogue/mod.ts";
import { type ItemTower, itemContentHash, type VectorStore } from "../embeddings/mod.ts";
import type { FailedItem, SyncStage } from "./sync-store.ts";

/** A version whose vectors a sync keeps up to date. */
export interface SyncTarget {
  readonly version: string;
  readonly towers: ItemTower;
}

/**
 * Stores items; those that cannot be stored are left out.
 *
 * @param store Where to.
 * @param items What.
 * @returns What was written, and what failed.
 */
export async function putWhatCanBe(
  store: CatalogueStore,
  items: readonly Item[],
): Promise<{ readonly counts: PutCounts; readonly failed: readonly FailedItem[] }> {
  const counts = { inserted: 0, updated: 0, unchanged: 0 };
  const failed = await eachThatCanBe(items, "store", async (part) => {
    const done = await store.putItems(part);
    counts.inserted += done.inserted;
    counts.updated += done.updated;
    counts.unchanged += done.unchanged;
  });
  return { counts: { ...counts, orphaned: 0 }, failed };
}

/**
 * Computes and stores vectors; items that no vector can be made of are left out.
 *
 * @param target Which version.
 * @param options Where to, and of which items.
 * @returns What failed.
 */
export function embedWhatCanBe(
  target: SyncTarget,
  { vectors, items }: { readonly vectors: VectorStore; readonly items: readonly Item[] },
): Promise<readonly FailedItem[]> {
  return eachThatCanBe(items, "embed", async (part) =>
    vectors.putItemVectors(target.version, {
      ids: part.map(({ id }) => id),
      vectors: await target.towers.embedItems(part),
      contentHashes: part.map(itemContentHash),
    }),
  );
}

// In halves, so that one bad item among a thousand costs some twenty tries; a batch too large for memory passes too.
async function eachThatCanBe(
  items: readonly Item[],
  stage: SyncStage,
  work: (items: readonly Item[]) => Promise<void>,
): Promise<readonly FailedItem[]> {
  if (items.length === 0) return [];
  try {
    await work(items);
    return [];
  } catch (error) {
    // The world failing, a database away or a device lost, is no item's fault.
    if (isFutagoError(error) && error.code !== "out_of_memory") throw error;
    const [item] = items;
    if (items.length === 1) return [{ id: item!.id, stage, reason: reasonOf(error) }];
  }
  const half = Math.ceil(items.length / 2);
  return [
    ...(await eachThatCanBe(items.slice(0, half), stage, work)),
    ...(await eachThatCanBe(items.slice(half), stage, work)),
  ];
}

// Only our own messages are known to hold nothing of the item.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "Unknown failure";
  if (isFutagoError(error) || error.message.startsWith("Cannot ")) return error.message;
  return "code" in error ? `${error.name} ${String(error.code)}` : error.name;
}
