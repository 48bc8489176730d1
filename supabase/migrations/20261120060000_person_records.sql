-- What is kept of a person, to be handed to them or removed. The tables are found in the database's own catalogue, so
-- that one that is added later is not forgotten: whatever has a column `user_id`, or refers to profiles by another.
-- `condition` holds for a person's rows, with their id as $1; `columns` writes vectors as JSON arrays.
create or replace function person_tables() returns table (name text, source regclass, condition text, columns text)
language sql stable as $$
  with known as (
    select c.oid as table_id, c.relname, a.attnum, a.attname, t.typname,
      a.attname = 'user_id' or exists (
        select from pg_constraint f
        where f.contype = 'f' and f.conrelid = c.oid and f.confrelid = p.oid and a.attnum = any (f.conkey)
      ) as names_person
    from pg_class p
    join pg_class c on c.relnamespace = p.relnamespace and c.relkind in ('r', 'p') and not c.relispartition
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    where p.oid = 'profiles'::regclass
  )
  select relname::text, table_id::regclass,
    string_agg(format(case when typname = 'text' then '%I = $1' else '%I::text = $1' end, attname), ' or ')
      filter (where names_person),
    string_agg(format(case when typname in ('vector', 'halfvec') then '%1$I::text::jsonb as %1$I' else '%1$I' end,
      attname), ', ' order by attnum)
  from known group by table_id, relname having bool_or(names_person)
$$;

-- True where anything was there. Profiles go last: most of the rest would go with them, but not what no foreign key holds.
create or replace function erase_person(p_user_id text) returns boolean
language plpgsql as $$
declare
  part record;
  deleted bigint;
  total bigint := 0;
begin
  for part in select * from person_tables() order by source = 'profiles'::regclass loop
    execute format('delete from %s where %s', part.source, part.condition) using p_user_id;
    get diagnostics deleted = row_count;
    total := total + deleted;
  end loop;
  return total > 0;
end $$;

-- Null where nothing is kept. Moments are in UTC.
create or replace function export_person(p_user_id text) returns jsonb
language plpgsql stable set timezone = 'UTC' as $$
declare
  part record;
  found_rows jsonb;
  tables jsonb := '{}';
  known boolean := false;
begin
  for part in select * from person_tables() loop
    execute format('select coalesce(jsonb_agg(r order by to_jsonb(r)), ''[]'') from (select %s from %s where %s) r',
      part.columns, part.source, part.condition) into found_rows using p_user_id;
    tables := tables || jsonb_build_object(part.name, found_rows);
    known := known or found_rows <> '[]';
  end loop;
  if not known then return null; end if;
  return jsonb_build_object('format', 'futago-person/1', 'user_id', p_user_id, 'tables', tables);
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['person_tables()', 'erase_person(text)', 'export_person(text)'] loop
    execute format('revoke execute on function %s from public', name);
    if exists (select from pg_roles where rolname = 'anon') then
      execute format('revoke execute on function %s from anon', name);
    end if;
    if exists (select from pg_roles where rolname = 'authenticated') then
      execute format('revoke execute on function %s from authenticated', name);
    end if;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', name);
    end if;
  end loop;
end $$;
