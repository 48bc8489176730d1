export { createTrialTrainer, type TrialTrainerOptions } from "./create-trial-trainer.ts";
export { createMemoryStudyStore } from "./memory-study-store.ts";
export { type ModelSettings, parseModelSettings, withSettings } from "./model-settings.ts";
export { type NextJobOptions, nextJob, type RungJob } from "./next-job.ts";
export { renderStudyHtml } from "./render-study.ts";
export { type RunStudyOptions, runStudy, type StudyOutcome } from "./run-study.ts";
export {
  type Dimension,
  defaultSearchSpace,
  parseSearchSpace,
  type SearchSpace,
  sampleSettings,
} from "./search-space.ts";
export { type SettingImportance, settingImportance } from "./setting-importance.ts";
export {
  bestTrial,
  planStudy,
  type StudyOptions,
  type StudyPlan,
  scoreOf,
  type Trial,
  type TrialState,
  type ValidationPoint,
} from "./study.ts";
export type { StudyFacts, StudyStore } from "./study-store.ts";
export type { RungResult, TrialTrainer } from "./trial-trainer.ts";
