export { checkJobs } from "./check-jobs.ts";
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
export { createMemoryJobQueue } from "./memory-job-queue.ts";
