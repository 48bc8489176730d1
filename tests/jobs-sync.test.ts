import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { createMemoryBlobStore, silentProgress } from "../src/base/mod.ts";
import type { CliContext } from "../src/cli/context.ts";
import { openJobHandlers } from "../src/cli/jobs/open-job-handlers.ts";
import { startFakeDmm } from "./fake-dmm/mod.ts";

test("a sync is a job where there are credentials, and its record holds counts alone", async () => {
  const fake = await startFakeDmm({ items: 30, floors: ["FANZA/digital/videoa"] });
  const database = await openDatabase({ memory: true });
  onTestFinished(async () => {
    await database.close();
    await fake.close();
  });
  const blobs = createMemoryBlobStore();
  const handlersWith = (env: CliContext["env"]) => {
    const quiet = { progress: silentProgress, signal: new AbortController().signal, say: () => {} };
    const context = { ...quiet, home: ".", env } as unknown as CliContext;
    return openJobHandlers(context, { database, blobs, home: blobs });
  };
  expect((await handlersWith({}))["sync-dmm"]).toBeUndefined();
  const { "sync-dmm": handler } = await handlersWith({
    DMM_API_ID: fake.credentials.apiId,
    DMM_AFFILIATE_ID: fake.credentials.affiliateId,
    DMM_API_URL: fake.url,
  });
  const job = { id: "1", attempt: 1, kind: "sync-dmm", payload: {}, last: false, waitedMs: 0 };
  const done = await handler!.run({ job, signal: new AbortController().signal });
  expect(done!.counts).toMatchObject({ rows: 30, inserted: 30, failed: 0 });
  expect((await database.catalogue.counts()).items).toBe(30);
});
