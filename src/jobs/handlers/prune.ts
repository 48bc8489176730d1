import type { Clock } from "../../base/mod.ts";
import type { Deployer } from "../../registry/mod.ts";
import type { JobQueue } from "../job-queue.ts";
import type { JobHandler } from "../worker.ts";

/** What {@link createPrune} works with. */
export interface PruneDeps {
  readonly deployer: Pick<Deployer, "prune">;
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** How long the history of jobs is kept, in milliseconds. @default 30 days */
  readonly historyMs?: number;
}

const dayMs = 86_400_000;

/**
 * The job `prune`: removes versions beyond those that are kept, with their vectors and bundles, and the history of
 * jobs. Logs go by themselves when a new day begins.
 *
 * @param deps What is pruned.
 * @returns The handler.
 */
export function createPrune(deps: PruneDeps): JobHandler {
  const { deployer, queue, clock, historyMs = 30 * dayMs } = deps;
  return {
    concurrency: 1,
    run: async () => ({
      counts: {
        versions: (await deployer.prune()).length,
        jobs: await queue.prune(clock.now() - historyMs),
      },
    }),
  };
}
