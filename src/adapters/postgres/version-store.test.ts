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

  test("removing a version waits for whoever reads, without making others wait", async () => {
    const { kind, versions, vectors, connection } = await open();
    // One session: nobody else can be reading.
    if (kind === "pglite") return;
    await versions.add({ ...row, version: "v1", createdAt: 0 });
    await vectors.createPartition("v1", 2);
    let removed: Promise<void> | undefined;
    await connection.transaction().execute(async (reader) => {
      await sql`select from videos`.execute(reader);
      removed = versions.remove("v1");
      // A drop that waited for the reader would hold these up for as long as the reader reads.
      for (let i = 0; i < 30; i++) await sql`select from videos`.execute(connection);
      expect(await versions.get("v1")).toBeDefined();
    });
    await removed;
    expect(await versions.get("v1")).toBeUndefined();
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
