import { FutagoError } from "../../base/mod.ts";
import type { SyncDmmSlice } from "../../sync/mod.ts";
import type { JobHandler } from "../worker.ts";

/** How long a slice takes, in milliseconds: so often it is asked whether there is time for another. */
const sliceMs = 5000;

/**
 * The job `sync-dmm` for who has little time at once, such as an edge function: slice by slice until the sync is done; stopped
 * before, it is given back, and whoever claims it next goes on there.
 *
 * @param syncDmm Syncs a slice.
 * @returns The handler.
 */
export function createSyncDmm(syncDmm: SyncDmmSlice): JobHandler {
  return {
    concurrency: 1,
    run: async ({ signal }) => {
      const counts: Record<string, number> = {};
      for (;;) {
        const { finished, mode: _, ...did } = await syncDmm({ full: false, budgetMs: sliceMs });
        for (const [name, count] of Object.entries(did)) counts[name] = (counts[name] ?? 0) + count;
        if (finished) return { counts };
        if (signal.aborted) {
          throw new FutagoError(
            "cancelled",
            "Cannot finish the sync as its time is over: the next one goes on there",
          );
        }
      }
    },
  };
}
