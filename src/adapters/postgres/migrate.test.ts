import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "../../base/mod.ts";
import { describeDatabases } from "./databases.conformance.ts";
import { checkDrift } from "./drift.ts";
import { migrate, readMigrations, splitStatements } from "./migrate.ts";

describeDatabases("migrate()", (open) => {
  test("applies every file once, and may be called again", async () => {
    const database = await open({ migrate: false });
    const names = (await readMigrations()).map((migration) => migration.name);
    expect(await database.migrate()).toEqual(names);
    expect(await database.migrate()).toEqual([]);
  });

  test("refuses a file that was changed after it was applied", async () => {
    const { connection } = await open();
    const migrations = await readMigrations();
    const changed = migrations.map((each) => ({ ...each, sql: `${each.sql}\n-- changed` }));
    await expect(migrate(connection, { migrations: changed })).rejects.toMatchObject({
      code: "migration_changed",
    });
  });

  test("takes a file for applied where it names the text that was, and runs what follows it", async () => {
    const { connection } = await open({ migrate: false });
    const before = "create table kept (a int)";
    await migrate(connection, { migrations: [{ name: "1.sql", sql: before }] });
    const migrations = [
      {
        name: "1.sql",
        sql: `-- Was ${sha256Hex(before)}: 2 adds the column.\ncreate table kept (a int, b int)`,
      },
      { name: "2.sql", sql: "alter table kept add column if not exists b int" },
    ];
    expect(await migrate(connection, { migrations })).toEqual(["2.sql"]);
    expect(await migrate(connection, { migrations })).toEqual([]);
    const other = migrations.map((each) => ({ ...each, sql: each.sql.replace("Was", "Is not") }));
    await expect(migrate(connection, { migrations: other })).rejects.toMatchObject({
      code: "migration_changed",
    });
  });

  test("leaves nothing of a file that fails", async () => {
    const { connection } = await open({ migrate: false });
    const failing = [{ name: "1_fails.sql", sql: "create table half (a int); select 1 / 0" }];
    await expect(migrate(connection, { migrations: failing })).rejects.toThrow("division by zero");
    await expect(sql`select * from half`.execute(connection)).rejects.toThrow();
    expect(await migrate(connection, { migrations: [{ name: "1_fails.sql", sql: "select 1" }] })).toEqual([
      "1_fails.sql",
    ]);
  });

  test("recognises a database that psql or the Supabase CLI made, and runs nothing on it", async () => {
    const { connection, migrate: again } = await open();
    await sql`delete from futago_migrations`.execute(connection);
    expect(await again()).toEqual([]);
    const { rows } = await sql`select from futago_migrations`.execute(connection);
    expect(rows).toHaveLength((await readMigrations()).length);
  });

  test("runs every file where such a database stands somewhere before its schema", async () => {
    const { connection, migrate: again } = await open();
    await sql`delete from futago_migrations`.execute(connection);
    await sql`drop function person_history`.execute(connection);
    expect(await again()).toHaveLength((await readMigrations()).length);
    expect(await checkDrift(connection)).toEqual([]);
  });

  test("every table has row security", async () => {
    const { connection, vectors } = await open();
    await vectors.createPartition("v1", 2);
    const { rows } = await sql`select relname from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relrowsecurity`.execute(
      connection,
    );
    expect(rows).toEqual([]);
  });
});

describe("splitStatements()", () => {
  test("cuts at semicolons outside quotes, dollar quotes and comments", () => {
    const text = `select ';'; -- it's; one
      do $$ begin perform 1; end $$; create function f() as $body$ a; $$ b; $$ $body$; select "a;b"`;
    expect(splitStatements(text)).toHaveLength(4);
    expect(splitStatements("select 1;\n-- end;\n")).toEqual(["select 1"]);
  });
});
