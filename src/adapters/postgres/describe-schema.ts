import { sql } from "kysely";
import { sha256Hex } from "../../base/mod.ts";
import type { Connection } from "./connection.ts";

/** What a part of a schema can be. */
export type SchemaKind =
  | "table"
  | "column"
  | "index"
  | "constraint"
  | "trigger"
  | "policy"
  | "grant"
  | "view"
  | "function"
  | "partition";

/** One part of a schema: `column` `title` of `videos` is `text not null`. */
export interface SchemaPart {
  readonly kind: SchemaKind;
  /** The table, view or function it belongs to; itself, where it is one. */
  readonly owner: string;
  /** What it is called there; "" for the owner itself. */
  readonly name: string;
  /** What it is, in words that are the same on Postgres 15 to 18. */
  readonly definition: string;
}

interface PartRow extends SchemaPart {
  readonly schema: string;
  readonly vector_schema: string | null;
}

/**
 * Reads what the current schema consists of, from the system catalogue. Left out are partitions, which come and go with
 * model versions, what extensions brought, and rights of others than Supabase's roles.
 *
 * @param db A database; its search path says which schema.
 * @returns Every part, in the order of kind, owner and name.
 */
export async function describeSchema(db: Connection): Promise<readonly SchemaPart[]> {
  const { rows } = await sql<PartRow>`
    with relations as materialized (
      select c.* from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
        and not c.relispartition
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    ), functions as materialized (
      select f.*, f.proname::text || '(' || oidvectortypes(f.proargtypes) || ')' as signature from pg_proc f
      where f.pronamespace = current_schema()::regnamespace
        and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.deptype = 'e')
    ), granted as (
      select c.relname::text as owner, a.grantee, a.privilege_type, '' as columns
      from relations c, aclexplode(coalesce(c.relacl,
        acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) a where a.grantee <> c.relowner
      union all
      select c.relname, a.grantee, a.privilege_type, '(' || t.attname || ')'
      from relations c join pg_attribute t on t.attrelid = c.oid, aclexplode(t.attacl) a where a.grantee <> c.relowner
      union all
      select f.signature, a.grantee, a.privilege_type, ''
      from functions f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a where a.grantee <> f.proowner
    ), parts (kind, owner, name, definition) as (
      select case when c.relkind in ('v', 'm') then 'view' else 'table' end, c.relname::text, ''::text, concat_ws(', ',
        case c.relkind when 'p' then 'partition by ' || pg_get_partkeydef(c.oid) when 'm' then 'materialized'
          when 'S' then 'sequence' when 'v' then pg_get_viewdef(c.oid) end,
        case when c.relkind in ('r', 'p') then
          case when c.relrowsecurity then 'row security' else 'no row security' end end,
        case when c.relforcerowsecurity then 'forced' end, array_to_string(c.reloptions, ', '))
      from relations c
      union all
      select 'column', c.relname, t.attname, concat_ws(' ', format_type(t.atttypid, t.atttypmod),
        (select 'collate ' || quote_ident(l.collname) from pg_collation l
          join pg_type y on y.oid = t.atttypid where l.oid = t.attcollation and l.oid <> y.typcollation),
        case when t.attnotnull then 'not null' end,
        'default ' || pg_get_expr(d.adbin, d.adrelid),
        case when t.attidentity <> '' then 'identity ' || t.attidentity::text end,
        case when t.attgenerated <> '' then 'generated ' || t.attgenerated::text end)
      from relations c join pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = t.attnum
      where c.relkind in ('r', 'p')
      union all
      select 'index', c.relname, i.relname,
        concat_ws(' ', pg_get_indexdef(x.indexrelid), case when not x.indisvalid then 'not valid' end)
      from relations c join pg_index x on x.indrelid = c.oid join pg_class i on i.oid = x.indexrelid
      union all
      -- Since Postgres 18 "not null" is a constraint too; the columns tell of it.
      select 'constraint', c.relname, k.conname, concat_ws(' ', pg_get_constraintdef(k.oid))
      from relations c join pg_constraint k on k.conrelid = c.oid and k.contype <> 'n'
      union all
      select 'trigger', c.relname, g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid), nullif(g.tgenabled::text, 'O'))
      from relations c join pg_trigger g on g.tgrelid = c.oid and not g.tgisinternal
      union all
      select 'policy', c.relname, p.polname, concat_ws(' ', case when not p.polpermissive then 'restrictive' end, 'for',
        case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        'to', coalesce((select string_agg(r.rolname, ', ' order by r.rolname) from pg_roles r
          where r.oid = any (p.polroles)), 'public'),
        'using ' || pg_get_expr(p.polqual, p.polrelid), 'with check ' || pg_get_expr(p.polwithcheck, p.polrelid))
      from relations c join pg_policy p on p.polrelid = c.oid
      where p.polroles = '{0}' or exists (select from pg_roles r where r.oid = any (p.polroles)
        and r.rolname in ('anon', 'authenticated', 'service_role'))
      union all
      select 'function', f.signature, '', concat_ws(', ', pg_get_function_result(f.oid), l.lanname,
        case f.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
        case f.proparallel when 's' then 'parallel safe' end,
        case when f.prosecdef then 'security definer' end,
        'sets ' || replace(array_to_string(f.proconfig, ', '), quote_ident(current_schema()), '(schema)'),
        'body ' || md5(replace(f.prosrc, chr(13), '')))
      from functions f join pg_language l on l.oid = f.prolang
      union all
      -- MAINTAIN, since Postgres 17 a part of "all", is left out.
      select 'grant', g.owner, coalesce(r.rolname, 'public'),
        string_agg(lower(g.privilege_type) || g.columns, ', ' order by g.privilege_type, g.columns)
      from granted g left join pg_roles r on r.oid = g.grantee
      where g.privilege_type <> 'MAINTAIN'
        and (g.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role'))
      group by 2, 3
    )
    select p.*, current_schema()::text as schema, n.nspname::text as vector_schema from parts p
    left join pg_extension e on e.extname = 'vector' left join pg_namespace n on n.oid = e.extnamespace
    order by p.kind collate "C", p.owner collate "C", p.name collate "C"`.execute(db);
  return rows.map(({ kind, owner, name, definition, schema, vector_schema }) => ({
    kind,
    owner: plain(owner, [schema, vector_schema]),
    name,
    definition: kind === "view" ? viewText(definition) : plain(definition, [schema, vector_schema]),
  }));
}

// Names of the schema and of pgvector's come with or without their schema, as the search path of the reader has it.
function plain(text: string, schemas: readonly (string | null)[]): string {
  let shorter = text;
  for (const schema of schemas) {
    if (schema !== null) shorter = shorter.replaceAll(`"${schema}".`, "").replaceAll(`${schema}.`, "");
  }
  return shorter.replace(/\s+/g, " ").trim();
}

// Since Postgres 16 columns of a query over one table are printed without the table's name.
function viewText(definition: string): string {
  const bare = definition.replace(/\b\w+\./g, "").replace(/[\s()]+/g, "");
  const options = /,\s*(security_\w+=\w+)\s*$/.exec(definition)?.[1] ?? "runs with its owner's rights";
  return `${options}, text ${sha256Hex(bare).slice(0, 32)}`;
}
