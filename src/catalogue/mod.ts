export {
  buildDataset,
  type Dataset,
  type DatasetSource,
  datasetFromColumns,
  type EventColumns,
  filterEvents,
} from "./dataset.ts";
export { type CatalogueEvent, type EventKind, eventKinds } from "./event.ts";
export type { RowIssue } from "./issue.ts";
export type { Fields, FieldValue, Item } from "./item.ts";
export { createMemoryCatalogue, type MemoryCatalogueOptions, maxIdLength } from "./memory-store.ts";
export type { Person } from "./person.ts";
export type { CatalogueStore, ImportCursor, PersonHistory, PutCounts } from "./store.ts";
