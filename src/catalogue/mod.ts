export { type Attribution, attributionsOf, dmmAttribution } from "./attribution.ts";
export { checkedBlocks } from "./checked-blocks.ts";
export { checkedTaste } from "./checked-taste.ts";
export {
  buildDataset,
  type Dataset,
  type DatasetSource,
  datasetFromColumns,
  type EventColumns,
  filterEvents,
} from "./dataset.ts";
export { type DatasetFromStoreOptions, datasetFromStore } from "./dataset-from-store.ts";
export { demoImport } from "./demo/demo-import.ts";
export { type DemoCatalogue, type GenerateDemoOptions, generateDemo } from "./demo/generate-demo.ts";
export type { DmmClientOptions, DmmLogEntry } from "./dmm/dmm-ask.ts";
export { createDmmClient, type DmmClient, type DmmItemPage, type DmmItemQuery } from "./dmm/dmm-client.ts";
export type { DmmCredentials } from "./dmm/dmm-credentials.ts";
export type { DmmFloor } from "./dmm/dmm-floor.ts";
export type { DmmLimits } from "./dmm/dmm-limits.ts";
export { dmmLink } from "./dmm/dmm-link.ts";
export { createMemoryDmmQuotaStore, type DmmQuotaState, type DmmQuotaStore } from "./dmm/dmm-quota.ts";
export { createDmmSource, type DmmSourceOptions } from "./dmm/dmm-source.ts";
export { type DmmSourceFromEnvOptions, dmmSourceFromEnv } from "./dmm/dmm-source-from-env.ts";
export { type DmmRow, type DmmRowPlace, normaliseDmmItem } from "./dmm/normalise-dmm-item.ts";
export { type CatalogueEvent, type EventKind, eventKinds } from "./event.ts";
export { createFeedSource, type FeedSourceOptions } from "./feed-source.ts";
export { keepFrequentItems } from "./frequent-items.ts";
export { checkImport, type ImportCheck } from "./importing/check-import.ts";
export { type DataFile, type DataFolder, memoryFolder } from "./importing/data-folder.ts";
export { type HttpFileOptions, httpFile } from "./importing/http-file.ts";
export {
  declaredAgeConfirmation,
  type ImportFile,
  type ImportPlan,
  type ImportRow,
  type RowPlace,
} from "./importing/import-plan.ts";
export type { IssueKindCount, IssueSummary } from "./importing/issue-counter.ts";
export { type MappedImportOptions, mappedImport } from "./importing/mapped-import.ts";
export {
  type EventsMapping,
  type FieldMapping,
  type ImportMapping,
  type ItemsMapping,
  type MappingIssue,
  type MomentMapping,
  type PeopleMapping,
  parseImportMapping,
} from "./importing/mapping.ts";
export { type MovieLensImportOptions, movieLensImport } from "./importing/movielens-import.ts";
export { type ReadMovieLensOptions, readMovieLens } from "./importing/read-movielens.ts";
export {
  defaultBatchRows,
  type ImportSummary,
  type RunImportOptions,
  runImport,
} from "./importing/run-import.ts";
export type { RowIssue } from "./issue.ts";
export type { Fields, FieldValue, Item } from "./item.ts";
export { type ItemFacts, itemFacts } from "./item-facts.ts";
export {
  createMemoryCatalogue,
  type MemoryCatalogue,
  type MemoryCatalogueOptions,
  maxIdLength,
} from "./memory-store.ts";
export type { Person, Taste } from "./person.ts";
export {
  createMemoryPersonRecords,
  type MemoryPersonVectors,
  type PersonExport,
  type PersonRecords,
  type PersonRow,
} from "./person-records.ts";
export type {
  CatalogueSource,
  SourceLimits,
  SourcePage,
  SourcePartition,
  SourceRequestOptions,
  SourceWindow,
} from "./source.ts";
export type { Blocks, CatalogueStore, ImportCursor, PersonHistory, PutCounts } from "./store.ts";
export { volatileFields } from "./volatile-fields.ts";
