export { type EaseOptions, type EaseScorer, fitEase } from "./baselines/ease.ts";
export { fitIals, type IalsOptions } from "./baselines/ials.ts";
export { type Interactions, interactionsOf } from "./baselines/interactions.ts";
export { fitItemKnn, type ItemKnnOptions } from "./baselines/item-knn.ts";
export {
  createPlainProduct,
  createRuntimeProduct,
  type MatrixProduct,
  type ProductShape,
} from "./baselines/matrix-product.ts";
export { fitPopularity } from "./baselines/popularity.ts";
export type { Estimate } from "./bootstrap.ts";
export { type EvaluateOptions, evaluate } from "./evaluate.ts";
export { datasetFingerprint, protocolHash } from "./fingerprint.ts";
export { splitCold } from "./protocols/cold.ts";
export { type LastOptions, splitLast } from "./protocols/last.ts";
export { splitRandom } from "./protocols/random.ts";
export { splitStrong } from "./protocols/strong.ts";
export { splitTemporal } from "./protocols/temporal.ts";
export { meanNdcg } from "./rank-all.ts";
export type { ViewerOrder } from "./reorder-events.ts";
export type {
  EvaluationReport,
  ModelReport,
  PairedDifference,
  Segment,
  TrainingCurve,
} from "./report-data.ts";
export type { Scorer } from "./scorer.ts";
export { keepLikedItems } from "./select-items.ts";
export {
  type EvaluationSet,
  type ItemSets,
  type ProtocolName,
  type ProtocolOptions,
  protocolNames,
  type RecallDivisor,
  type Split,
} from "./split.ts";
