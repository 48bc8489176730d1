import {
  createJobQueue,
  createQuotaStore,
  createSyncStore,
  createVectorStore,
} from "../../src/adapters/postgres/server/mod.ts";
import { createRandom } from "../../src/base/mod.ts";
import { createServedJobs } from "../../src/jobs/mod.ts";
import { dmmSlicesFromEnv } from "../../src/sync/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";
import { withRows } from "./with-rows.ts";

/** For routes that do jobs, and the sync, which is one. */
export const withJobs: DependenciesOf = (platform) => {
  const { db, env, fetch, clock } = platform;
  const rows = withRows(platform);
  const random = createRandom(clock.now());
  const syncDmm = dmmSlicesFromEnv(env, {
    ...{
      store: rows.store,
      state: createSyncStore(db),
      vectors: createVectorStore(db),
      clock,
      fetch,
      random,
    },
    quota: createQuotaStore(db, "dmm"),
  });
  return {
    ...rows,
    syncDmm,
    runJobs: createServedJobs({ queue: createJobQueue(db), syncDmm, clock, random }),
  };
};
