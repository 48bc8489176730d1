-- Where a video stands in what a viewer would get: its score, and its place among all that nearest_videos could give. Every
-- vector of the version is looked at, as this is asked of one video at a time.
create or replace function video_rank(
  p_version text, p_vector text, p_video_id text, p_user_id text default null, p_exclude text[] default '{}',
  p_filter jsonb default '{}'
) returns table (score double precision, rank integer)
language plpgsql stable as $$
declare
  part embedding_partitions;
  query halfvec := p_vector::halfvec;
  seen text[] := array(select seen_video_ids(p_user_id)) || p_exclude;
  conditions text := coalesce(' and ' || video_conditions(p_user_id, p_filter), '');
begin
  select * into part from embedding_partitions p where p.model_version = p_version;
  if part.model_version is null then
    raise exception 'version has no partition' using errcode = 'FT001';
  end if;
  if vector_dims(query) <> part.dims then
    raise exception 'version holds vectors of % numbers', part.dims using errcode = 'FT002';
  end if;
  return query execute format(
    'select o.score, 1 + (select count(*)::integer from %1$I e
       where e.model_version = $3 and e.video_id <> o.video_id and e.video_id <> all ($2)
         and (-(e.embedding <#> $1), o.video_id) > (o.score, e.video_id)
         and exists (select from videos v where v.video_id = e.video_id and not v.hidden%2$s))
     from (select t.video_id, -(t.embedding <#> $1) as score from %1$I t
       where t.model_version = $3 and t.video_id = $4) o', part.videos_table, conditions)
    using query, seen, p_version, p_video_id;
end $$;

-- How much worse a version ranks when a feature is shuffled: the mean, and the interval that holds it in 95 of 100 repetitions.
alter table feature_importance add column if not exists low double precision;
alter table feature_importance add column if not exists high double precision;

do $$
declare
  name text;
  closed_to text := 'public';
begin
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    closed_to := closed_to || ', ' || name;
  end loop;
  for name in select p.oid::regprocedure::text from pg_proc p
    where p.pronamespace = current_schema()::regnamespace and p.proname = 'video_rank'
  loop
    execute format('revoke all on function %s from %s', name, closed_to);
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', name);
    end if;
  end loop;
end $$;
