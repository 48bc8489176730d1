import type { CatalogueSource, CatalogueStore, Item } from "../catalogue/mod.ts";
import { itemContentHash, type VectorStore } from "../embeddings/mod.ts";
import { embedWhatCanBe, putWhatCanBe, type SyncTarget } from "./store-items.ts";
import type { SyncStore } from "./sync-store.ts";

/** What {@link syncItems} works with. */
export interface SyncItemsOptions {
  readonly source: CatalogueSource;
  readonly store: CatalogueStore;
  readonly state: Pick<SyncStore, "denied">;
  readonly vectors: VectorStore;
  /** Versions to embed under. @default none */
  readonly targets?: readonly SyncTarget[];
  readonly signal?: AbortSignal;
}

/** What became of the items that were asked for. */
export interface SyncedItems {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly embedded: number;
  /** Could not be read, stored or embedded. */
  readonly failed: number;
  /** May not be stored. */
  readonly denied: number;
  /** Ids that the source does not have now; what is stored of them stays until full syncs miss them. */
  readonly missing: readonly string[];
}

/**
 * Fetches given items again, stores them and embeds what changed. No cursor moves and nothing is withdrawn.
 *
 * @param ids Of the catalogue, each once.
 * @param options Source and stores.
 * @returns What was done.
 * @throws TypeError Where the source cannot be asked for single items.
 * @throws FutagoError As the source and the stores do.
 */
export async function syncItems(ids: readonly string[], options: SyncItemsOptions): Promise<SyncedItems> {
  const { source, store, state, vectors, targets = [], signal } = options;
  if (source.some === undefined) {
    throw new TypeError(`Cannot fetch single items as "${source.name}" must offer them: sync all of it`);
  }
  const page = await source.some(ids, signal === undefined ? {} : { signal });
  const denied = await state.denied(ids);
  const put = await putWhatCanBe(
    store,
    page.items.filter(({ id }) => !denied.has(id)),
  );
  const shown: Item[] = [];
  for await (const stored of store.items({ ids: page.items.map(({ id }) => id) })) {
    shown.push(...stored.filter(({ withdrawn }) => !withdrawn));
  }
  let [embedded, failed] = [0, put.failed.length + page.ids.length - page.items.length];
  for (const target of targets) {
    await vectors.createPartition(target.version, target.towers.dims);
    const known = await vectors.itemHashes(target.version, ids);
    const due = shown.filter((item) => known.get(item.id) !== itemContentHash(item));
    const bad = await embedWhatCanBe(target, { vectors, items: due });
    embedded += due.length - bad.length;
    failed += bad.length;
  }
  const found = new Set(page.ids);
  const { inserted, updated, unchanged } = put.counts;
  return {
    ...{ inserted, updated, unchanged, embedded, failed, denied: denied.size },
    missing: ids.filter((id) => !found.has(id)),
  };
}
