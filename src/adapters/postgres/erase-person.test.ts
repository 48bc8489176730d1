import { sql } from "kysely";
import { expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { describeDatabases } from "./databases.conformance.ts";

/** Every table.column of the schema in which a text occurs. */
async function placesOf(db: Connection, text: string): Promise<string[]> {
  const { rows: columns } = await sql<{ table: string; column: string }>`
    select c.table_name as "table", c.column_name as "column" from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where table_schema = current_schema() and t.table_type = 'BASE TABLE'`.execute(db);
  const places: string[] = [];
  for (const { table, column } of columns) {
    const { rows } = await sql`select from ${sql.table(table)}
      where position(${text} in ${sql.ref(column)}::text) > 0 limit 1`.execute(db);
    if (rows.length > 0) places.push(`${table}.${column}`);
  }
  return places.sort();
}

describeDatabases("erasePerson()", (open) => {
  test("leaves no trace of the person in any column of any table, and everybody else as they were", async () => {
    const database = await open();
    const { catalogue, vectors, connection } = database;
    const gone = "viewer-to-be-erased";
    await catalogue.putItems(["a", "b", "c"].map((id) => ({ id, title: id, fields: {} })));
    await catalogue.putPeople(
      [gone, "viewer-who-stays"].map((id) => ({ id, fields: { region: `of ${id}` } })),
    );
    for (const personId of [gone, "viewer-who-stays"]) {
      await catalogue.putEvents([
        { personId, itemId: "a", kind: "like", at: 1 },
        { personId, itemId: "b", kind: "nope", at: 2 },
        { personId, itemId: "c", kind: "view", at: 3, watchFraction: 0.5 },
      ]);
    }
    for (const version of ["v1", "v2"]) {
      await vectors.createPartition(version, 2);
      await vectors.putUserVectors(version, {
        ids: [gone, "viewer-who-stays"],
        vectors: Float32Array.of(1, 0, 0, 1),
        contentHashes: ["x", "y"],
      });
    }
    const named = ["likes", "profiles", "user_video_decisions", "video_views"];
    for (const table of named) expect(await placesOf(connection, gone)).toContain(`${table}.user_id`);

    expect(await database.erasePerson(gone)).toBe(true);
    expect(await placesOf(connection, gone)).toEqual([]);
    expect(await catalogue.history(gone, { limit: 10 })).toBeUndefined();
    expect(await catalogue.counts()).toEqual({ items: 3, people: 1, events: 3 });
    expect([...(await vectors.userHashes("v1")).keys()]).toEqual(["viewer-who-stays"]);
    // Their like no longer counts either.
    const { rows } = await sql<{ likes: number }>`select likes from video_popularity`.execute(connection);
    expect(rows).toEqual([{ likes: 1 }]);
    expect(await database.erasePerson(gone)).toBe(false);
  });
});
