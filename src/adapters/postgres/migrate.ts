import { readdir, readFile } from "node:fs/promises";
import { type Kysely, sql } from "kysely";
import { FutagoError, sha256Hex } from "../../base/mod.ts";
import { checkDrift } from "./drift.ts";
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

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /** Other migrations than those of this package, for tests. */
  readonly migrations?: readonly Migration[];
  /** Whether to run what was applied too: mends what someone changed or took away by hand. @default false */
  readonly again?: boolean;
}

/**
 * Brings a database to the schema of the given migrations. Idempotent; any number of processes may do it at once, for
 * each waits for the one before it. All or nothing. A database that came to this schema by another way (`psql`, the
 * Supabase CLI) is recognised, and nothing runs; one that stands somewhere before it gets every file, which all may run
 * twice. Files that ran before Supabase's roles or `auth.uid()` were there run again, to grant what they left out.
 *
 * @param db The database; its search path says which schema.
 * @param options Which migrations, and whether again.
 * @returns Names of what ran now.
 * @throws FutagoError `migration_changed` When a file that was applied has another text now.
 */
export async function migrate(db: Kysely<Tables>, options: MigrateOptions = {}): Promise<readonly string[]> {
  const { again = false } = options;
  const migrations = options.migrations ?? (await readMigrations());
  // The usual start finds everything applied: no lock, no transaction, one query.
  const known = again ? undefined : await readApplied(db).catch(() => undefined);
  if (known !== undefined && missing(migrations, known).length === 0) return [];
  return db.transaction().execute(async (trx) => {
    // One lock for the whole database, not one for each schema: extensions are shared by all of them.
    await sql`select pg_advisory_xact_lock(hashtextextended('futago migrate', 0))`.execute(trx);
    for (const statement of splitStatements(ownTable)) await sql.raw(statement).execute(trx);
    const applied = await readApplied(trx);
    const due = again ? migrations : missing(migrations, applied);
    const recognised = options.migrations === undefined && !again && (await isComplete(trx, applied));
    for (const { name, sql: text } of due) {
      if (!recognised) for (const statement of splitStatements(text)) await sql.raw(statement).execute(trx);
      const row = { name, hash: sha256Hex(text), platform: applied.platform };
      await trx
        .insertInto("futago_migrations")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    }
    return recognised ? [] : due.map(({ name }) => name);
  });
}

// Closed to everybody, whatever the project grants by default. `platform` is what of Supabase a file found when it ran.
const ownTable = `
  create table if not exists futago_migrations (
    name text primary key, hash text not null, applied_at timestamptz not null default now(),
    platform text not null default ''
  );
  alter table futago_migrations add column if not exists platform text not null default '';
  alter table futago_migrations enable row level security;
  do $$
  declare
    role_name text;
  begin
    for role_name in select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role') loop
      execute format('revoke all on futago_migrations from %I', role_name);
    end loop;
  end $$`;

interface Applied {
  readonly files: ReadonlyMap<string, { readonly hash: string; readonly platform: string }>;
  /** What there is of Supabase now: "anon authenticated service_role auth.uid()", or less. */
  readonly platform: string;
}

async function readApplied(db: Kysely<Tables>): Promise<Applied> {
  const { rows } = await sql<{ name: string | null; hash: string; platform: string; now: string }>`
    select m.name, m.hash, m.platform, p.now
    from (select concat_ws(' ', (select string_agg(rolname, ' ' order by rolname) from pg_roles
        where rolname in ('anon', 'authenticated', 'service_role')),
      case when to_regprocedure('auth.uid()') is not null then 'auth.uid()' end) as now) p
    left join futago_migrations m on true`.execute(db);
  return {
    files: new Map(rows.flatMap(({ name, ...row }) => (name === null ? [] : [[name, row] as const]))),
    platform: rows[0]!.now,
  };
}

/** What has not run yet, or ran where there was less of Supabase. */
function missing(migrations: readonly Migration[], applied: Applied): readonly Migration[] {
  const now = applied.platform.split(" ");
  return migrations.filter(({ name, sql: text }) => {
    const found = applied.files.get(name);
    if (found === undefined) return true;
    checkHash({ name, sql: text }, found.hash);
    return !now.every((part) => found.platform.split(" ").includes(part));
  });
}

// Whether the tables came by another way than this one, and are all that they should be.
async function isComplete(trx: Kysely<Tables>, applied: Applied): Promise<boolean> {
  if (applied.files.size > 0) return false;
  const { rows } = await sql<{ exists: boolean }>`
    select to_regclass(format('%I.profiles', current_schema())) is not null as exists`.execute(trx);
  return rows[0]!.exists && (await checkDrift(trx)).length === 0;
}

/**
 * Whether what was applied is a migration as it is now, or an earlier text that it owns to: `-- Was <sha256>: why` in a file
 * names one, where a later file makes anew what the two would make differently.
 *
 * @param migration As it is now.
 * @param hash SHA-256 of the text that was applied.
 * @returns True where nothing has to be done about it.
 */
export function isTextOf(migration: Migration, hash: string): boolean {
  const former = [...migration.sql.matchAll(/^-- Was ([0-9a-f]{64}):/gm)].map((match) => match[1]);
  return hash === sha256Hex(migration.sql) || former.includes(hash);
}

function checkHash(migration: Migration, applied: string): void {
  if (isTextOf(migration, applied)) return;
  const { name } = migration;
  throw new FutagoError(
    "migration_changed",
    `Cannot migrate the database as "${name}" must be as it was applied: current hash is ${sha256Hex(migration.sql).slice(0, 12)}, ` +
      `applied was ${applied.slice(0, 12)}. Restore the file and put the change into a new one`,
    { details: { name } },
  );
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
