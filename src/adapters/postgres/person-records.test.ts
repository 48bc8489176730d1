import { sql } from "kysely";
import { expect, test } from "vitest";
import { asking, fillRecords, testPersonRecords } from "../../embeddings/person-records.conformance.ts";
import type { Connection } from "./connection.ts";
import { describeDatabases } from "./databases.conformance.ts";

/** Every table.column of the schema in which a text occurs, whatever the column's type; partitions are tables too. */
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

describeDatabases("records of people", (open) => {
  testPersonRecords(open);

  test("an erased person leaves no trace in any column of any table", async () => {
    const database = await open();
    const { connection, people } = database;
    await fillRecords(database);
    const before = await placesOf(connection, asking);
    const named = ["likes", "profiles", "user_embeddings", "user_video_decisions", "video_views"];
    expect(before).toEqual(expect.arrayContaining(named.map((table) => `${table}.user_id`)));
    expect(await people.erase(asking)).toBe(true);
    expect(await placesOf(connection, asking)).toEqual([]);
    // Their like no longer counts either.
    const { rows } = await sql<{ likes: number }>`select likes from video_popularity`.execute(connection);
    expect(rows).toEqual([{ likes: 1 }]);
  });

  test("every table with a column user_id is handed over and emptied, one that is added later too", async () => {
    const database = await open();
    const { connection, people } = database;
    await fillRecords(database);
    // Held by no foreign key; by one of another name; of another type of id.
    const uuid = "2f6b1b1c-6d0e-4c0e-9f3a-0a4f7f1f9d11";
    await sql`create table later_notes (user_id text, note text)`.execute(connection);
    await sql`create table later_invitations (id integer, guest text, host text references profiles)`.execute(
      connection,
    );
    await sql`create table later_accounts (user_id uuid, opened timestamptz)`.execute(connection);
    await sql`insert into later_notes values (${asking}, 'x'), ('viewer-who-stays', 'y')`.execute(connection);
    await sql`insert into later_invitations values (1, 'somebody', ${asking})`.execute(connection);
    await sql`insert into later_accounts values (${uuid}, '2026-01-01T09:00+09:00')`.execute(connection);

    const { rows } = await sql<{ table: string }>`
      select c.relname as "table" from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.attname = 'user_id' and c.relkind in ('r', 'p') and not c.relispartition
        and c.relnamespace = current_schema()::regnamespace`.execute(connection);
    const { tables } = (await people.export(asking))!;
    expect(Object.keys(tables).sort()).toEqual([...rows.map((row) => row.table), "later_invitations"].sort());
    expect(tables["later_notes"]).toEqual([{ user_id: asking, note: "x" }]);
    expect(tables["later_invitations"]).toEqual([{ id: 1, guest: "somebody", host: asking }]);
    expect((await people.export(uuid))?.tables["later_accounts"]).toEqual([
      { user_id: uuid, opened: "2026-01-01T00:00:00+00:00" },
    ]);

    expect(await people.erase(asking)).toBe(true);
    expect(await people.erase(uuid)).toBe(true);
    expect(await placesOf(connection, asking)).toEqual([]);
    expect(await placesOf(connection, uuid)).toEqual([]);
    expect(await placesOf(connection, "viewer-who-stays")).toContain("later_notes.user_id");
  });

  test("a person cannot be half erased: where a row must stay, all stay", async () => {
    const database = await open();
    const { connection, people } = database;
    await fillRecords(database);
    await sql`create table later_invoices (customer text references profiles)`.execute(connection);
    await sql`insert into later_invoices values (${asking})`.execute(connection);
    await sql`create function keep_invoice() returns trigger language plpgsql as
      'begin raise exception ''invoices are kept''; end'`.execute(connection);
    await sql`create trigger keep before delete on later_invoices for each row execute function keep_invoice()`.execute(
      connection,
    );
    const before = await people.export(asking);
    await expect(people.erase(asking)).rejects.toThrow();
    expect(await people.export(asking)).toEqual(before);
  });
});
