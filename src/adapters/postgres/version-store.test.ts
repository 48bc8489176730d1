import { sql } from "kysely";
import { expect, test } from "vitest";
import { testVersionStore } from "../../registry/version-store.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";

const row = {
  semanticVersion: "1.0.0",
  dims: 2,
  preset: "lite",
  manifestHash: "",
  metrics: {},
  parent: null,
  description: "",
};

describeDatabases("versions", (open) => {
  testVersionStore(async () => (await open()).versions);

  test("[RE13] who makes or drops a partition waits for those who use the tables, and nobody waits for it", async () => {
    const { kind, versions, vectors, connection } = await open();
    // One session: nobody else can be using them.
    if (kind === "pglite") return;
    await vectors.createPartition("v1", 2);
    await versions.add({ ...row, version: "v1", createdAt: 0 });
    let done = 0;
    const count = () => void done++;
    let changes: Promise<unknown> | undefined;
    await connection.transaction().execute(async (user) => {
      // As an import, and as whoever embeds or erases somebody.
      await sql`update videos set title = title`.execute(user);
      await sql`select from video_embeddings`.execute(user);
      changes = Promise.all([
        versions.remove("v1").then(count),
        vectors.createPartition("v2", 2).then(count),
      ]);
      changes.catch(() => {});
      const until = Date.now() + 500;
      // Did one of them wait for as long as its locks are taken, these would wait behind it, and the test would end late.
      while (Date.now() < until) {
        await sql`update videos set title = title`.execute(connection);
        await sql`select from video_embeddings`.execute(connection);
      }
      expect(done).toBe(0);
    });
    await changes;
    expect(await versions.get("v1")).toBeUndefined();
    expect(await vectors.itemHashes("v2")).toEqual(new Map());
  });

  test("while an index is built, a partition that is there is not waited for", async () => {
    const { kind, vectors, connection } = await open();
    if (kind === "pglite") return;
    await vectors.createPartition("v1", 2);
    await connection.transaction().execute(async (builder) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('futago embedding_partitions', 0))`.execute(
        builder,
      );
      await vectors.createPartition("v1", 2);
    });
  });

  test("a search that meets a partition being dropped says that there is none", async () => {
    const { vectors, connection } = await open();
    await vectors.createPartition("v1", 2);
    const { rows } = await sql<{
      name: string;
    }>`select videos_table as name from embedding_partitions`.execute(connection);
    // As it is between looking it up and reading it.
    await sql`drop table ${sql.id(rows[0]!.name)}`.execute(connection);
    const vector = Float32Array.from([1, 0]);
    await expect(vectors.nearest({ version: "v1", vector, limit: 1 })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("removing a version drops its vectors with it", async () => {
    const { versions, vectors } = await open();
    await versions.add({ ...row, version: "v1", createdAt: 0 });
    await vectors.createPartition("v1", 2);
    await versions.remove("v1");
    await expect(vectors.itemHashes("v1")).rejects.toMatchObject({ code: "not_found" });
  });
});
