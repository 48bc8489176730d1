export type { Answer, AnswerSource, Recommendation } from "./answer.ts";
export { type ReadStoredViewer, type StoredViewer, storedViewerReader } from "./before-opening.ts";
export type { Cap } from "./diversity/caps.ts";
export {
  type DiversityMethod,
  type Ranking,
  type RerankOptions,
  rerank,
} from "./diversity/rerank.ts";
export type { EmbeddedItems } from "./embed-items.ts";
export type { ChainLink, EngineObserver } from "./faults.ts";
export { foldIn } from "./fold-in.ts";
export {
  createInferenceEngine,
  type EngineStatus,
  type InferenceEngine,
  type InferenceEngineDeps,
} from "./inference-engine.ts";
export { createItemEmbedder, type ItemEmbedderDeps } from "./item-embedder.ts";
export type { Exploration } from "./newcomers.ts";
export type { TakenDown } from "./popular-snapshot.ts";
export type { ExplainOptions, Explanation } from "./reasons/explain-item.ts";
export { type Obstacle, obstacles } from "./reasons/obstacles.ts";
export type { Reason } from "./reasons/reasons.ts";
export { type ReasonLanguage, reasonLanguages, type SharedField, sharedFields } from "./reasons/wording.ts";
export type { RecommendOptions, ScoreOptions } from "./recommend-options.ts";
export {
  type FallbackNotice,
  ServingModels,
  type ServingModelsDeps,
  type ServingState,
} from "./serving-models.ts";
export type { EmbeddedPerson } from "./store-viewer-vector.ts";
export { type ByValueOptions, byValue, type Valued } from "./value/by-value.ts";
export {
  lackingHeads,
  parseFormula,
  type ValueFormula,
  type ValuePart,
  valueFromEnv,
  valueParts,
} from "./value/value-formula.ts";
export { type ItemValue, itemValue, type Valuing } from "./value/valuing.ts";
export type { Variety } from "./variety.ts";
export { explorationFromEnv, varietyFromEnv } from "./variety-from-env.ts";
export type { WithoutDatabaseOptions } from "./without-database.ts";
