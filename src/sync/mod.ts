export {
  type DmmSliceRequest,
  type DmmSlicesOptions,
  dmmSlicesFromEnv,
  type SyncDmmSlice,
} from "./dmm-slices.ts";
export { createMemorySyncStore } from "./memory-sync-store.ts";
export type { SyncTarget } from "./store-items.ts";
export { type SyncCatalogueOptions, type SyncSummary, syncCatalogue } from "./sync-catalogue.ts";
export type { PlannedWindow, SyncCursor, SyncMode, WindowPosition } from "./sync-cursor.ts";
export { type SyncedItems, type SyncItemsOptions, syncItems } from "./sync-items.ts";
export {
  type Denial,
  type FailedItem,
  type FinishedSync,
  type FinishOptions,
  fewGone,
  maxGoneShareDefault,
  maxSyncAttempts,
  type SourceStatus,
  type SyncFailure,
  type SyncStage,
  type SyncStep,
  type SyncStore,
} from "./sync-store.ts";
