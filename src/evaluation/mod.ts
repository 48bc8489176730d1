export { chanceScorer } from "./baselines/chance.ts";
export { contentKnnScorer } from "./baselines/content-knn.ts";
export { type EaseOptions, type EaseScorer, fitEase } from "./baselines/ease.ts";
export { fitIals, type IalsOptions, type IalsSettings } from "./baselines/ials.ts";
export { type Interactions, interactionsOf } from "./baselines/interactions.ts";
export { fitItemKnn, type ItemKnnOptions } from "./baselines/item-knn.ts";
export { fitPopularity } from "./baselines/popularity.ts";
export { type TuneIalsOptions, tuneIals } from "./baselines/tune-ials.ts";
export type { Estimate } from "./bootstrap.ts";
export { type ContentVectors, contentVectors, genreVectors } from "./content-vectors.ts";
export {
  type DetailedEvaluation,
  type EvaluateOptions,
  evaluate,
  evaluateInDetail,
} from "./evaluate.ts";
export { firstViewers } from "./evaluation-set.ts";
export {
  type FeatureImportance,
  type FeatureImportanceOptions,
  featureImportance,
  type MeasuredImportance,
} from "./feature-importance.ts";
export { datasetFingerprint, protocolHash } from "./fingerprint.ts";
export {
  type BaselineName,
  baselineNames,
  defaultBaselines,
  type FitBaselinesOptions,
  fitBaselines,
} from "./fit-baselines.ts";
export { type HistoryCurve, historyCurve, viewersWithHistory } from "./history-curve.ts";
export { keepActivePeople } from "./keep-active-people.ts";
export { type PooledReport, poolEvaluations } from "./pool-evaluations.ts";
export { splitCold } from "./protocols/cold.ts";
export { type LastOptions, splitLast } from "./protocols/last.ts";
export { splitRandom } from "./protocols/random.ts";
export { splitStrong } from "./protocols/strong.ts";
export { splitTemporal } from "./protocols/temporal.ts";
export { meanNdcg } from "./rank-all.ts";
export { readViewerOrder } from "./read-viewer-order.ts";
export type { ViewerOrder } from "./reorder-events.ts";
export { escapeHtml } from "./report/escape.ts";
export { headlineMetrics, metricLabel, metricText } from "./report/headline.ts";
export { renderReportHtml } from "./report/html.ts";
export { linearScale, type Scale } from "./report/scale.ts";
export { reportStyle } from "./report/style.ts";
export { renderHistoryCurve, renderPooledTable, renderReportTable } from "./report/table.ts";
export type {
  EvaluationReport,
  ModelReport,
  PairedDifference,
  Segment,
  TrainingCurve,
} from "./report-data.ts";
export { type RerankedScorerOptions, rerankedScorer, type TopItems } from "./reranked-scorer.ts";
export type { Scorer } from "./scorer.ts";
export {
  type EvaluationSet,
  type ItemSets,
  type ProtocolName,
  type ProtocolOptions,
  protocolNames,
  type RecallDivisor,
  type Split,
} from "./split.ts";
export { type SplitByOptions, splitBy } from "./split-by.ts";
export { trainingCurves, trainingValidation } from "./training-validation.ts";
export type { ViewerFigures } from "./viewer-figures.ts";
