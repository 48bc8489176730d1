import type { NewJob } from "./job-queue.ts";

/** Throws RangeError where a job could not be kept as it is. */
export function checkJobs(jobs: readonly NewJob[]): void {
  for (const { kind, priority = 0, retries = 3 } of jobs) {
    if (kind === "") throw new RangeError("Cannot enqueue a job as its kind must have a name: it is empty");
    if (!Number.isInteger(priority) || priority < -32_768 || priority > 32_767) {
      throw new RangeError(
        `Cannot enqueue a job as priority must be a whole number from -32768 to 32767: current value is ${priority}`,
      );
    }
    if (!Number.isInteger(retries) || retries < 0 || retries > 1000) {
      throw new RangeError(
        `Cannot enqueue a job as retries must be a whole number from 0 to 1000: current value is ${retries}`,
      );
    }
  }
}
