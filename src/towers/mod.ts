export { initialWeights, type Weights } from "./initial-weights.ts";
export { residualBound } from "./integrated-gradients.ts";
export {
  directionDims,
  itemLength,
  knownShare,
  type LinearBags,
  learnedItem,
  learnedTowers,
  linearBags,
  linearParameters,
  linearScoreParts,
  linearTables,
  linearWidth,
  longestLinearRow,
  packedLength,
} from "./linear-part.ts";
export {
  type LoadedItemTower,
  loadItemTower,
  loadTowers,
  type TowerFiles,
  type TowerSessions,
  type Towers,
  towersOf,
} from "./load-towers.ts";
export {
  type ChunkOptions,
  chunkRows,
  denseRows,
  padRows,
  padSequences,
  servingInputs,
} from "./padded-bags.ts";
export { readTowerWeights, type TowerArray } from "./read-tower-weights.ts";
export { openScoreExplainer, type ScoreExplainer, type ScoreParts } from "./score-parts.ts";
export { sequenceItems } from "./sequence-parameters.ts";
export {
  flat,
  type SequenceInputs,
  type SequenceSources,
  sequenceMasks,
  sequenceStates,
} from "./sequence-tower.ts";
export {
  headChance,
  type ServedHead,
  type ServedHeads,
  servedTasks,
  type Task,
  tasks,
  type VectorPair,
} from "./served-heads.ts";
export {
  exportTower,
  gatheredSum,
  type ServingGraph,
  sequenceInputs,
  servingGraph,
} from "./serving-graph.ts";
export {
  resolveTowerConfig,
  type SequenceConfig,
  type TowerActivation,
  type TowerConfig,
  type TowerOptions,
  type TowerPreset,
  towerPresets,
} from "./tower-config.ts";
export {
  fieldState,
  type ItemOutput,
  itemOutput,
  packItem,
  packUser,
  type TowerSources,
  userDirection,
} from "./tower-graph.ts";
export {
  bagWidth,
  biasTableName,
  inputWidth,
  type TowerLayouts,
  type TowerParameter,
  type TowerSide,
  tableName,
  temperatureParameter,
  towerParameters,
} from "./tower-parameters.ts";
export {
  createTowerScorer,
  type TowerScorer,
  type TowerScorerOptions,
} from "./tower-scorer.ts";
