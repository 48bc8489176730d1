import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { silentProgress } from "../src/base/mod.ts";
import type { CliContext } from "../src/cli/context.ts";
import { openJobHandlers } from "../src/cli/jobs/open-job-handlers.ts";
import { tinyCatalogue } from "./tiny-model.ts";
import { tinyWorld } from "./tiny-world.ts";

test("[JB14] integrity mends vectors of a wrong length, missing ones and partitions of nobody", async () => {
  const database = await openDatabase({ memory: true });
  onTestFinished(() => database.close());
  const { catalogue, connection, vectors } = database;
  await catalogue.putBatch(tinyCatalogue());
  const world = tinyWorld({ ...database, store: catalogue });
  const version = await world.deploy(1);
  const context = {
    home: ".",
    env: {},
    progress: silentProgress,
    signal: new AbortController().signal,
    say: () => {},
  } as unknown as CliContext;
  const handlers = await openJobHandlers(context, { database, blobs: world.blobs, home: world.blobs });
  const look = () =>
    handlers["integrity"]!.run({
      job: { id: "1", attempt: 1, kind: "integrity", payload: {}, last: false, waitedMs: 0 },
      signal: context.signal,
    });
  expect(await look()).toEqual({ counts: { checks: 5, mended: 0 } });
  await vectors.createPartition("nobody", 4);
  const { rows } = await sql<{ name: string }>`
    select videos_table as name from embedding_partitions where model_version = ${version}`.execute(
    connection,
  );
  const table = sql.table(rows[0]!.name);
  const ids = tinyCatalogue().items.map(({ id }) => id);
  await vectors.removeItemVectors(version, ids.slice(0, 20));
  await sql`update ${table} set embedding = (select array_agg(2::real) from generate_series(1, 16))::halfvec
    where video_id = ${ids[30]!}`.execute(connection);
  expect(await look()).toEqual({ counts: { checks: 5, mended: 3 } });
  expect((await vectors.itemHashes(version)).size).toBe(60);
  await expect(vectors.itemHashes("nobody")).rejects.toMatchObject({ code: "not_found" });
  expect(await look()).toEqual({ counts: { checks: 5, mended: 0 } });
  // What cannot be mended is a failure, so that somebody is told.
  await sql`drop table ${table}`.execute(connection);
  for (const path of await world.blobs.list("models/")) await world.blobs.remove(path);
  await expect(look()).rejects.toMatchObject({ code: "integrity_broken" });
});
