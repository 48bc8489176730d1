import type { CatalogueStore } from "../catalogue/mod.ts";

/**
 * Titles for showing to the person at the terminal; they go into no log.
 *
 * @param store The catalogue.
 * @param ids Items.
 * @returns Title by id, of those that exist.
 */
export async function titlesOf(store: CatalogueStore, ids: readonly string[]): Promise<Map<string, string>> {
  const titles = new Map<string, string>();
  for await (const page of store.items({ ids })) for (const item of page) titles.set(item.id, item.title);
  return titles;
}
