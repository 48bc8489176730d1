export { type ActivityMeasure, activityMeasures } from "./activity.ts";
export { bagEntries } from "./bag-entries.ts";
export { parseFittedFeatures } from "./check-fitted.ts";
export { chooseEvents, newestEvents, withoutNewestEvents } from "./choose-events.ts";
export { type EncodeItemsOptions, encodeItems } from "./encode-items.ts";
export { type EncodeUsersOptions, encodeUsers } from "./encode-users.ts";
export type {
  BagLayout,
  DenseLayout,
  EncodedRows,
  Histories,
  RowLayout,
  SequenceLayout,
  SequenceRows,
} from "./encoded.ts";
export { fitFeatures } from "./fit.ts";
export type { FeatureState, FittedFeatures } from "./fitted.ts";
export { dataEndOf, type HistoriesOptions, historiesFromPeople, historiesOf } from "./histories.ts";
export type { HistoryOptions } from "./history-options.ts";
export { movielensSchema } from "./movielens-schema.ts";
export { type PooledShare, pooledShares } from "./pooled-shares.ts";
export {
  checkFeatureSchema,
  type FeatureSchema,
  type FeatureSchemaInput,
  hashFeatureSchema,
  type ItemFeature,
  parseFeatureSchema,
  type UserFeature,
} from "./schema.ts";
export type { SchemaIssue } from "./schema-issue.ts";
export { sequenceEvents } from "./sequence.ts";
export { sequenceSchema } from "./sequence-schema.ts";
export { fieldsOf, tasteFields, valuesOf } from "./taste.ts";
export { videoSchema } from "./video-schema.ts";
export { type KnownStates, withStates } from "./with-states.ts";
