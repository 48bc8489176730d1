import type { CatalogueStore, Item } from "../catalogue/mod.ts";
import { itemContentHash, type VectorStore } from "../embeddings/mod.ts";
import type { LoadedModel } from "../registry/mod.ts";

/** As much of a model as embeds items. */
export interface ItemEmbeddingModel {
  readonly version: string;
  readonly towers: Pick<LoadedModel["towers"], "dims" | "embedItems">;
}

/** What embedding given items did. */
export interface EmbeddedItems {
  readonly version: string;
  /** How many vectors were computed and stored. */
  readonly embedded: number;
  /** Ids that the catalogue lacks, or that are withdrawn: they have no vector. */
  readonly left: readonly string[];
}

/**
 * Computes and stores the vectors of given items, whether they changed or not.
 *
 * @param model Under which version.
 * @param options Where items are read and vectors kept, and which.
 * @returns What was done.
 */
export async function embedItems(
  model: ItemEmbeddingModel,
  options: { readonly store: CatalogueStore; readonly vectors: VectorStore; readonly ids: readonly string[] },
): Promise<EmbeddedItems> {
  const { store, vectors, ids } = options;
  const { version, towers } = model;
  const items: Item[] = [];
  for await (const page of store.items({ ids })) items.push(...page.filter((item) => !item.withdrawn));
  if (items.length > 0) {
    await vectors.createPartition(version, towers.dims);
    await vectors.putItemVectors(version, {
      ids: items.map(({ id }) => id),
      vectors: await towers.embedItems(items),
      contentHashes: items.map(itemContentHash),
    });
  }
  const done = new Set(items.map(({ id }) => id));
  return { version, embedded: done.size, left: [...new Set(ids)].filter((id) => !done.has(id)) };
}
