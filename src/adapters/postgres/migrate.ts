import { readdir, readFile } from "node:fs/promises";
import { type Kysely, sql } from "kysely";
import { FutagoError, sha256Hex } from "../../base/mod.ts";
import type { Tables } from "./tables.ts";

/** One file of `supabase/migrations`. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

// Two levels above src/adapters or dist/adapters alike.
const folder = new URL("../../../supabase/migrations/", import.meta.url);

/**
 * The migrations this package carries, in order.
 *
 * @returns Names and text.
 */
export async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(new URL(name, folder), "utf8") })),
  );
}

/**
 * Brings a database to the schema of the given migrations. Idempotent; any number of processes may do it at once, for
 * each waits for the one before it. All or nothing.
 *
 * @param db The database; its search path says which schema.
 * @param options Other migrations than those of this package, for tests.
 * @returns Names of what was applied now.
 * @throws FutagoError `migration_changed` When a file that was applied has another text now.
 */
export async function migrate(
  db: Kysely<Tables>,
  options: { readonly migrations?: readonly Migration[] } = {},
): Promise<readonly string[]> {
  const migrations = options.migrations ?? (await readMigrations());
  // The usual start finds everything applied: no lock, no transaction, one query.
  const known = await appliedHashes(db).catch(() => new Map<string, string>());
  checkHashes(migrations, known);
  if (migrations.every(({ name }) => known.has(name))) return [];
  return db.transaction().execute(async (trx) => {
    // One lock for the whole database, not one for each schema: extensions are shared by all of them.
    await sql`select pg_advisory_xact_lock(hashtextextended('futago migrate', 0))`.execute(trx);
    await sql`create table if not exists futago_migrations (
      name text primary key, hash text not null, applied_at timestamptz not null default now()
    )`.execute(trx);
    await sql`alter table futago_migrations enable row level security`.execute(trx);
    const applied = await appliedHashes(trx);
    checkHashes(migrations, applied);
    const now: string[] = [];
    for (const migration of migrations) {
      if (applied.has(migration.name)) continue;
      for (const statement of splitStatements(migration.sql)) await sql.raw(statement).execute(trx);
      await trx
        .insertInto("futago_migrations")
        .values({ name: migration.name, hash: sha256Hex(migration.sql) })
        .execute();
      now.push(migration.name);
    }
    return now;
  });
}

async function appliedHashes(db: Kysely<Tables>): Promise<Map<string, string>> {
  const rows = await db.selectFrom("futago_migrations").select(["name", "hash"]).execute();
  return new Map(rows.map((row) => [row.name, row.hash]));
}

function checkHashes(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  for (const { name, sql: text } of migrations) {
    const hash = applied.get(name);
    if (hash === undefined || hash === sha256Hex(text)) continue;
    throw new FutagoError(
      "migration_changed",
      `Cannot migrate the database as "${name}" must be as it was applied: current hash is ${sha256Hex(text).slice(0, 12)}, ` +
        `applied was ${hash.slice(0, 12)}. Restore the file and put the change into a new one`,
      { details: { name } },
    );
  }
}

/**
 * Cuts SQL text into statements, for drivers that take one at a time. Knows quotes, dollar quotes and line comments.
 *
 * @param text SQL as in a migration file.
 * @returns Statements without their semicolons.
 */
export function splitStatements(text: string): string[] {
  const token = /--[^\n]*|'(?:[^']|'')*'|"[^"]*"|(\$\w*\$)[\s\S]*?\1|;/g;
  const statements: string[] = [];
  let start = 0;
  for (const match of text.matchAll(token)) {
    if (match[0] !== ";") continue;
    statements.push(text.slice(start, match.index));
    start = match.index + 1;
  }
  statements.push(text.slice(start));
  return statements.filter((statement) => statement.replace(/--[^\n]*/g, "").trim() !== "");
}
