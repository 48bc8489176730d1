export { type AlertRules, parseAlertRules } from "./alerts/alert-rules.ts";
export type { Alert, AlertMessage, AlertStore } from "./alerts/alert-store.ts";
export { type Alerter, type AlerterOptions, createAlerter } from "./alerts/alerter.ts";
export type { LookoutOptions } from "./alerts/find-broken.ts";
export { createMemoryAlertStore } from "./alerts/memory-alert-store.ts";
export type { AlertDestination } from "./alerts/send-alert.ts";
export { checkJobs } from "./check-jobs.ts";
export { codeOfError } from "./error-code.ts";
export { createEmbedChanged, type EmbedChangedDeps } from "./handlers/embed-changed.ts";
export { createEvaluate, type EvaluateDeps } from "./handlers/evaluate.ts";
export { createPrune, type PruneDeps } from "./handlers/prune.ts";
export {
  createRetrain,
  type RetrainDeps,
  type RetrainedModel,
  type RetrainOptions,
} from "./handlers/retrain.ts";
export { judgeRetrained, type Retrained, type RetrainGate } from "./handlers/retrain-gate.ts";
export type {
  Claim,
  ClaimedJob,
  ClaimOptions,
  Job,
  JobFailure,
  JobQueue,
  JobResult,
  JobRun,
  JobSchedule,
  JobState,
  KindStats,
  NewJob,
} from "./job-queue.ts";
export { createJobsEndpoint, type JobsEndpointOptions } from "./jobs-endpoint.ts";
export {
  createJobsSlice,
  createServedJobs,
  type RunJobsSlice,
  type ServedJobsOptions,
} from "./jobs-slice.ts";
export { createMemoryJobQueue } from "./memory-job-queue.ts";
export {
  createScheduler,
  lastDue,
  nextDue,
  type OverdueSchedule,
  type Scheduler,
  type SchedulerOptions,
} from "./scheduler.ts";
export {
  createWorker,
  type JobContext,
  type JobEnd,
  type JobHandler,
  type Worker,
  type WorkerOptions,
} from "./worker.ts";
