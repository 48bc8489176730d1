import { readFile } from "node:fs/promises";
import { sql } from "kysely";
import type { Connection } from "./connection.ts";
import { describeSchema, type SchemaKind, type SchemaPart } from "./describe-schema.ts";

/** Where a database is not what the migrations make. */
export interface DriftIssue {
  readonly kind: SchemaKind;
  /** What it is about: `videos.title`, `likes.own_rows`, `nearest_videos(text, …)`. */
  readonly object: string;
  /** What the migrations make; undefined for what should not be there. */
  readonly expected: string | undefined;
  /** What is there; undefined for what is missing. */
  readonly received: string | undefined;
  /** What to do about it. */
  readonly mend: string;
}

/** What a migrated database consists of, by kind, then by object. */
export type SchemaDescription = Readonly<Partial<Record<SchemaKind, Readonly<Record<string, string>>>>>;

const file = new URL("../../../supabase/schema.json", import.meta.url);

/**
 * The description this package carries: `supabase/schema.json`, which `node tools/describe-schema.ts` writes.
 *
 * @returns What the migrations make where Supabase's roles exist.
 */
export async function readSchemaDescription(): Promise<SchemaDescription> {
  return JSON.parse(await readFile(file, "utf8")) as SchemaDescription;
}

/**
 * Describes a database as `supabase/schema.json` does.
 *
 * @param db A database; its search path says which schema.
 * @returns What it consists of.
 */
export async function describeDatabase(db: Connection): Promise<SchemaDescription> {
  const description: Partial<Record<SchemaKind, Record<string, string>>> = {};
  for (const part of await describeSchema(db)) {
    description[part.kind] ??= {};
    description[part.kind]![objectOf(part)] = part.definition;
  }
  return description;
}

/**
 * Compares a database with what the migrations make of one. Your own tables, functions, columns and indexes are none of
 * its business; what changes who may see or write something is, wherever it hangs on a table of Futago: policies, grants,
 * triggers, constraints. Of roles that the server lacks nothing is expected, and of the partitions of model versions
 * that they are attached, closed to everybody else, and indexed where they are said to be.
 *
 * @param db A database; its search path says which schema.
 * @returns Issues as data; empty where everything is as it should be.
 *
 * @example
 * ```ts
 * import { checkDrift, openDatabase } from "futago/postgres";
 * const database = await openDatabase({ memory: true });
 * await checkDrift(database.connection); // []
 * await database.close();
 * ```
 */
export async function checkDrift(db: Connection): Promise<readonly DriftIssue[]> {
  const description = await readSchemaDescription();
  const received = await describeDatabase(db);
  const expected = await reachable(db, description);
  // Of a table that is missing that is enough to say; Futago's own list is there once it has migrated itself.
  const absent = new Set(
    Object.keys(expected.table ?? {}).filter((table) => !(table in (received.table ?? {}))),
  );
  const issues: DriftIssue[] = [];
  for (const kind of Object.keys({ ...expected, ...received }) as SchemaKind[]) {
    const wanted = expected[kind] ?? {};
    const found = received[kind] ?? {};
    for (const object of Object.keys({ ...wanted, ...found })) {
      if (wanted[object] === found[object]) continue;
      const owner = kind === "table" ? object : beforeDot(object);
      if (absent.has(owner) && (kind !== "table" || owner === "futago_migrations")) continue;
      if (wanted[object] === undefined && !concernsUs(kind, object, description)) continue;
      issues.push({
        kind,
        object,
        expected: wanted[object],
        received: found[object],
        mend:
          wanted[object] === undefined
            ? `take it away: ${removal(kind, object)}`
            : "run the migrations again: futago migrate --again",
      });
    }
  }
  return description.table?.["embedding_partitions"] === received.table?.["embedding_partitions"]
    ? [...issues, ...(await checkPartitions(db))]
    : issues;
}

// What can be there: nothing is granted to a role that the server lacks, and a viewer is nobody without auth.uid().
async function reachable(db: Connection, description: SchemaDescription): Promise<SchemaDescription> {
  const { rows } = await sql<{ roles: readonly string[]; viewers: boolean }>`
    select array(select rolname::text from pg_roles where rolname in ('anon', 'authenticated', 'service_role')) as roles,
      to_regprocedure('auth.uid()') is not null as viewers`.execute(db);
  const { roles, viewers } = rows[0]!;
  const known = new Set(roles.filter((role) => role !== "authenticated" || viewers));
  const { policy, grant = {}, ...rest } = description;
  return {
    ...rest,
    ...(known.has("authenticated") && policy !== undefined ? { policy } : {}),
    grant: Object.fromEntries(Object.entries(grant).filter(([object]) => known.has(afterDot(object)))),
  };
}

function concernsUs(kind: SchemaKind, object: string, description: SchemaDescription): boolean {
  const { table = {}, view = {}, function: functions = {} } = description;
  if (kind === "function") {
    const name = object.slice(0, object.indexOf("("));
    return Object.keys(functions).some((known) => known.startsWith(`${name}(`));
  }
  if (!["policy", "grant", "trigger", "constraint"].includes(kind)) return false;
  const owner = beforeDot(object);
  return owner in table || owner in view || owner in functions;
}

function removal(kind: SchemaKind, object: string): string {
  const owner = beforeDot(object);
  const name = afterDot(object);
  if (kind === "grant") return `revoke all on ${owner.includes("(") ? "function " : ""}${owner} from ${name}`;
  if (kind === "constraint") return `alter table ${owner} drop constraint ${name}`;
  return kind === "function" ? `drop function ${object}` : `drop ${kind} ${name} on ${owner}`;
}

function objectOf({ owner, name }: SchemaPart): string {
  return name === "" ? owner : `${owner}.${name}`;
}

function beforeDot(object: string): string {
  return object.slice(0, Math.max(0, object.lastIndexOf(".")));
}

function afterDot(object: string): string {
  return object.slice(object.lastIndexOf(".") + 1);
}

interface PartitionRow {
  readonly table: string;
  readonly attached: boolean;
  readonly row_security: boolean;
  readonly open_to: string | null;
  readonly index_missing: boolean;
  readonly listed: boolean;
}

async function checkPartitions(db: Connection): Promise<readonly DriftIssue[]> {
  const { rows } = await sql<PartitionRow>`
    with listed as (
      select p.videos_table as name, 'video_embeddings' as parent, p.indexed from embedding_partitions p
      union all
      select p.users_table, 'user_embeddings', false from embedding_partitions p
    ), attached as (
      select c.oid, c.relname::text as name, p.relname::text as parent, c.relrowsecurity, c.relacl
      from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
      where p.relnamespace = current_schema()::regnamespace and p.relname in ('video_embeddings', 'user_embeddings')
    )
    select name as table, a.oid is not null as attached, coalesce(a.relrowsecurity, false) as row_security,
      (select string_agg(distinct coalesce(r.rolname::text, 'public'), ', ') from aclexplode(a.relacl) g
        left join pg_roles r on r.oid = g.grantee
        where g.grantee = 0 or r.rolname in ('anon', 'authenticated')) as open_to,
      coalesce(l.indexed, false) and not exists (select from pg_index x join pg_class h on h.oid = x.indexrelid
        join pg_am m on m.oid = h.relam where x.indrelid = a.oid and m.amname = 'hnsw' and x.indisvalid) as index_missing,
      l.parent is not null as listed
    from listed l full join attached a using (name, parent) order by 1`.execute(db);
  return rows.flatMap((row): DriftIssue[] => {
    const issue = (expected: string, received: string, mend: string): DriftIssue => ({
      kind: "partition",
      object: row.table,
      expected,
      received,
      mend,
    });
    if (!row.listed) {
      const mend = `write its row, or drop table ${row.table}`;
      return [issue("a row of embedding_partitions", "no row", mend)];
    }
    if (!row.attached) {
      const mend = "select drop_embedding_partition(…) with its version, then futago embed";
      return [issue("attached", "not attached", mend)];
    }
    const found: DriftIssue[] = [];
    if (!row.row_security) {
      const mend = `alter table ${row.table} enable row level security`;
      found.push(issue("row security", "no row security", mend));
    }
    if (row.open_to !== null) {
      const mend = `revoke all on ${row.table} from ${row.open_to}`;
      found.push(issue("closed to viewers", `open to ${row.open_to}`, mend));
    }
    if (row.index_missing) {
      found.push(issue("an HNSW index", "no valid HNSW index", "futago embed, which builds it again"));
    }
    return found;
  });
}
