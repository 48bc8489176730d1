-- Partitions are tables of their own, and whoever makes one may find that the project grants every new table to everybody
-- (Supabase did until 2026-10-30): a partition is closed as soon as it is made. Row security alone would leave TRUNCATE.
create or replace function create_embedding_partition(p_version text, p_dims integer) returns void
language plpgsql as $$
declare
  suffix text := left(regexp_replace(lower(p_version), '[^a-z0-9]+', '_', 'g'), 20) || '_' || left(md5(p_version), 12);
  known integer;
  kind text;
  part text;
  role_name text;
begin
  perform pg_advisory_xact_lock(hashtextextended('futago embedding_partitions', 0));
  select dims into known from embedding_partitions where model_version = p_version;
  if known = p_dims then return; end if;
  if known is not null then
    raise exception 'version holds vectors of % numbers', known using errcode = 'FT002';
  end if;
  foreach kind in array array['video', 'user'] loop
    part := kind || '_embeddings_' || suffix;
    execute format('create table %1$I (like %2$I including defaults)', part, kind || '_embeddings');
    execute format('alter table %1$I enable row level security', part);
    execute format('revoke all on %1$I from public', part);
    for role_name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on %1$I from %2$I', part, role_name);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on %1$I to service_role', part);
    end if;
    execute format('alter table %1$I add primary key (model_version, %2$I),'
      || ' add check (model_version = %3$L and vector_dims(embedding) = %4$s)', part, kind || '_id', p_version, p_dims);
    execute format('alter table %2$I attach partition %1$I for values in (%3$L)',
      part, kind || '_embeddings', p_version);
  end loop;
  insert into embedding_partitions (model_version, dims, videos_table, users_table)
  values (p_version, p_dims, 'video_embeddings_' || suffix, 'user_embeddings_' || suffix);
end $$;

-- Those that were made before.
do $$
declare
  part regclass;
  role_name text;
begin
  for part in select inhrelid::regclass from pg_inherits
    where inhparent in ('video_embeddings'::regclass, 'user_embeddings'::regclass)
  loop
    execute format('alter table %s enable row level security', part);
    execute format('revoke all on %s from public', part);
    for role_name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
      execute format('revoke all on %s from %I', part, role_name);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on %s to service_role', part);
    end if;
  end loop;
end $$;
