-- Makes the two partitions of a version. They are attached, not created in place: attaching does not stop readers.
create or replace function create_embedding_partition(p_version text, p_dims integer) returns void
language plpgsql as $$
declare
  suffix text := left(regexp_replace(lower(p_version), '[^a-z0-9]+', '_', 'g'), 20) || '_' || left(md5(p_version), 12);
  known integer;
  kind text;
begin
  perform pg_advisory_xact_lock(hashtextextended('futago embedding_partitions', 0));
  select dims into known from embedding_partitions where model_version = p_version;
  if known = p_dims then return; end if;
  if known is not null then
    raise exception 'version holds vectors of % numbers', known using errcode = 'FT002';
  end if;
  foreach kind in array array['video', 'user'] loop
    execute format('create table %1$I (like %2$I including defaults)',
      kind || '_embeddings_' || suffix, kind || '_embeddings');
    execute format('alter table %1$I add primary key (model_version, %2$I),'
      || ' add check (model_version = %3$L and vector_dims(embedding) = %4$s)',
      kind || '_embeddings_' || suffix, kind || '_id', p_version, p_dims);
    execute format('alter table %2$I attach partition %1$I for values in (%3$L)',
      kind || '_embeddings_' || suffix, kind || '_embeddings', p_version);
    execute format('alter table %1$I enable row level security', kind || '_embeddings_' || suffix);
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on %1$I to service_role', kind || '_embeddings_' || suffix);
    end if;
  end loop;
  insert into embedding_partitions (model_version, dims, videos_table, users_table)
  values (p_version, p_dims, 'video_embeddings_' || suffix, 'user_embeddings_' || suffix);
end $$;

create or replace function drop_embedding_partition(p_version text) returns void
language plpgsql as $$
declare
  part embedding_partitions;
begin
  perform pg_advisory_xact_lock(hashtextextended('futago embedding_partitions', 0));
  delete from embedding_partitions where model_version = p_version returning * into part;
  if part.model_version is null then return; end if;
  execute format('drop table if exists %I, %I', part.videos_table, part.users_table);
end $$;
