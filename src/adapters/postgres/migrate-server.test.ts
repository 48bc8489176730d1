import { execFile, spawn, spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Connection } from "./connection.ts";
import { openDatabase } from "./database.ts";
import { checkDrift } from "./drift.ts";
import { createFreshDatabase, createSupabasePlatform } from "./fresh-database.conformance.ts";
import { readMigrations } from "./migrate.ts";

const serverUrl = process.env["DATABASE_URL"];
const folder = fileURLToPath(new URL("../../../supabase/migrations/", import.meta.url));
const hasPsql = spawnSync("psql", ["--version"]).status === 0;

async function freshUrl(): Promise<string> {
  const { url, drop } = await createFreshDatabase(serverUrl!);
  onTestFinished(drop);
  return url;
}

async function withConnection<Result>(
  url: string,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase({ url }, { migrate: false, maxConnections: 1 });
  try {
    return await use(database.connection);
  } finally {
    await database.close();
  }
}

describe.skipIf(serverUrl === undefined)("migrate() on a server", () => {
  test("[MG1] is safe from 20 connections at once on an empty database", async () => {
    const url = await freshUrl();
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => openDatabase({ url }, { maxConnections: 1 })),
    );
    for (const database of opened) await database.close();
    await withConnection(url, async (connection) => {
      expect(await checkDrift(connection)).toEqual([]);
      const { rows } = await sql`select name from futago_migrations order by name`.execute(connection);
      expect(rows).toEqual((await readMigrations()).map(({ name }) => ({ name })));
    });
  });

  test("[MG2] killed in the middle, leaves nothing, and runs again", async () => {
    const url = await freshUrl();
    await withConnection(url, async (connection) => {
      // Stops at the last file until the lock is given free, so that the process is killed between two of them.
      await sql`select pg_advisory_lock(1)`.execute(connection);
      const script = `
        import { migrate, readMigrations } from ${JSON.stringify(new URL("./migrate.ts", import.meta.url).href)};
        import { openServer } from ${JSON.stringify(new URL("./open-server.ts", import.meta.url).href)};
        const { db } = await openServer(${JSON.stringify(url)}, { maxConnections: 1 });
        const stop = { name: "9_stop.sql", sql: "select pg_advisory_xact_lock(1)" };
        await migrate(db, { migrations: [...(await readMigrations()), stop] });`;
      const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const others = async (): Promise<readonly unknown[]> =>
        (
          await sql`select wait_event from pg_stat_activity where datname = current_database()
            and pid <> pg_backend_pid() and backend_type = 'client backend'`.execute(connection)
        ).rows;
      await until(async () => JSON.stringify(await others()) === '[{"wait_event":"advisory"}]');
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      await sql`select pg_advisory_unlock(1)`.execute(connection);
      await until(async () => (await others()).length === 0);
      const { rows } = await sql`select from pg_class where relnamespace = 'public'::regnamespace`.execute(
        connection,
      );
      expect(rows).toEqual([]);
    });
    await openDatabase({ url }, { maxConnections: 1 }).then((database) => database.close());
    await withConnection(url, async (connection) => expect(await checkDrift(connection)).toEqual([]));
  });

  test("[MG3] where Supabase's roles came later, the files run again and grant them what is theirs", async () => {
    const url = await freshUrl();
    const first = await openDatabase({ url }, { maxConnections: 1 });
    await createSupabasePlatform(first.connection, { grantsByDefault: true });
    const missing = await checkDrift(first.connection);
    expect(missing.find(({ object }) => object === "likes.own_rows")).toMatchObject({
      kind: "policy",
      received: undefined,
      mend: "run the migrations again: futago migrate --again",
    });
    expect((await first.migrate()).length).toBeGreaterThan(0);
    expect(await checkDrift(first.connection)).toEqual([]);
    expect(await first.migrate()).toEqual([]);
    await first.close();
  });
});

describe.skipIf(serverUrl === undefined || !hasPsql)("the migration files as scripts of psql", () => {
  /** As the Supabase CLI applies them, by an owner who is no superuser. */
  const runFiles = async (url: string, files: readonly string[]): Promise<void> => {
    const named = files.flatMap((file) => ["-f", `${folder}${file}`]);
    await promisify(execFile)("psql", ["-qX", "-v", "ON_ERROR_STOP=1", ...named, url], {
      env: { ...process.env, PGOPTIONS: "-c role=futago_test_owner -c client_min_messages=warning" },
    });
  };
  const prepare = async (): Promise<{ readonly url: string; readonly files: readonly string[] }> => {
    const url = await freshUrl();
    await withConnection(url, async (connection) => {
      await createSupabasePlatform(connection, { grantsByDefault: true });
      // A hosted project allows its owner the extension, which else asks for a superuser.
      await sql`create schema extensions`.execute(connection);
      await sql`create extension vector schema extensions`.execute(connection);
      await sql`do $$ begin
        if not exists (select from pg_roles where rolname = 'futago_test_owner') then
          create role futago_test_owner nologin bypassrls createrole;
        end if;
        execute format('alter database %I owner to futago_test_owner', current_database());
        execute format('alter database %I set search_path = "$user", public, extensions', current_database());
        grant usage on schema auth, extensions to futago_test_owner, service_role, authenticated;
      exception when duplicate_object or unique_violation then null; end $$`.execute(connection);
    });
    return { url, files: (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort() };
  };

  test("[MG4] may run twice, and migrate() recognises what they made", async () => {
    const { url, files } = await prepare();
    await runFiles(url, files);
    await runFiles(url, files);
    await withConnection(url, async (connection) => expect(await checkDrift(connection)).toEqual([]));
    const database = await openDatabase({ url }, { maxConnections: 1, migrate: false });
    expect(await database.migrate()).toEqual([]);
    const { rows } = await sql`select from futago_migrations`.execute(database.connection);
    expect(rows).toHaveLength(files.length);
    await database.close();
    // The other way about: the Supabase CLI knows nothing of our list, and applies them once more.
    await runFiles(url, files);
    await withConnection(url, async (connection) => expect(await checkDrift(connection)).toEqual([]));
  });

  test("[MG4] migrate() completes what stops after any of them", async () => {
    for (const share of [0, 0.5, 1]) {
      const { url, files } = await prepare();
      await runFiles(url, files.slice(0, 1 + Math.floor(share * (files.length - 2))));
      await openDatabase({ url }, { maxConnections: 1 }).then((database) => database.close());
      await withConnection(url, async (connection) => expect(await checkDrift(connection)).toEqual([]));
    }
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("What was waited for did not happen within 20 s");
    await wait(10);
  }
}
