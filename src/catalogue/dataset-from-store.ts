import { type Dataset, datasetFromColumns } from "./dataset.ts";
import { createEventColumnsBuilder } from "./event-columns-builder.ts";
import { keepFrequentItems } from "./frequent-items.ts";
import type { Item } from "./item.ts";
import type { Person } from "./person.ts";
import type { CatalogueStore } from "./store.ts";

/** Options of {@link datasetFromStore}. */
export interface DatasetFromStoreOptions {
  /** Items with fewer likes are left out, and their events with them. @default 0 */
  readonly minItemEvents?: number;
}

/**
 * Everything a store holds as a dataset: what a training starts from. Events stream in as columns of 25 bytes each;
 * items and people are held whole.
 *
 * @param store Where to read.
 * @param options What to leave out.
 * @returns The dataset; items and people in order of their ids, so that the same rows give the same dataset from any
 * store.
 */
export async function datasetFromStore(
  store: CatalogueStore,
  options: DatasetFromStoreOptions = {},
): Promise<Dataset> {
  const items: Item[] = [];
  const people: Person[] = [];
  for await (const page of store.items()) for (const item of page) items.push(item);
  for await (const page of store.people()) for (const person of page) people.push(person);
  const columns = createEventColumnsBuilder(items, people);
  // Rows may have come while we read: an event of somebody who is newer than our list is left for next time.
  for await (const page of store.events()) for (const event of page) columns.add(event);
  const dataset = datasetFromColumns(items, people, columns.build());
  return keepFrequentItems(dataset, options.minItemEvents ?? 0);
}
