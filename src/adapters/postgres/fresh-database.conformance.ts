import { readFile } from "node:fs/promises";
import { sql } from "kysely";
import type { Connection, OpenConnection } from "./connection.ts";
import { splitStatements } from "./migrate.ts";
import { openEmbedded } from "./open-embedded.ts";
import { openServer } from "./open-server.ts";

/** An empty database on a server. */
export interface FreshDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Makes a database of its own on the server, where a schema is not enough: for extensions, `auth`, poolers and `psql`.
 *
 * @param serverUrl Of a database on the server whose user may create others.
 * @returns Where it is, and how it goes.
 */
export async function createFreshDatabase(serverUrl: string): Promise<FreshDatabase> {
  const name = `futago_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const administer = async (statement: ReturnType<typeof sql>): Promise<void> => {
    const { db, close } = await openServer(serverUrl, { maxConnections: 1 });
    await statement.execute(db).finally(close);
  };
  await administer(sql`create database ${sql.id(name)}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(sql`drop database ${sql.id(name)} with (force)`) };
}

/** A kind of database, and how an empty one of it is opened; what is opened goes when it is closed. */
export interface TestServer {
  readonly name: "PGlite" | "Postgres";
  readonly open: () => Promise<OpenConnection>;
}

/** Where a test that needs a database of its own runs: PGlite, and Postgres where `DATABASE_URL` names one. */
export function testServers(): readonly TestServer[] {
  const url = process.env["DATABASE_URL"];
  const embedded = { name: "PGlite", open: () => openEmbedded({ memory: true }) } as const;
  if (url === undefined) return [embedded];
  const open = async (): Promise<OpenConnection> => {
    const { url: fresh, drop } = await createFreshDatabase(url);
    const opened = await openServer(fresh, { maxConnections: 2 });
    return { ...opened, close: () => opened.close().then(drop) };
  };
  return [embedded, { name: "Postgres", open }];
}

/**
 * Gives a database what a Supabase project has before the first migration: its roles and `auth`.
 *
 * @param db An empty database.
 * @param options Whether every new table is granted to everybody, as until 2026-10-30, or to nobody.
 */
export async function createSupabasePlatform(
  db: Connection,
  options: { readonly grantsByDefault?: boolean } = {},
): Promise<void> {
  const platform = await readFile(new URL("../../../tests/supabase-platform.sql", import.meta.url), "utf8");
  for (const statement of splitStatements(platform)) await sql.raw(statement).execute(db);
  for (const objects of ["tables", "sequences", "functions"]) {
    await sql
      .raw(
        `alter default privileges in schema public ${options.grantsByDefault ? "grant" : "revoke"} all on ${objects} ` +
          `${options.grantsByDefault ? "to" : "from"} anon, authenticated, service_role`,
      )
      .execute(db);
  }
}
