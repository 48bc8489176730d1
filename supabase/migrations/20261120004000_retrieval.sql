-- All that must not be shown: withdrawn, excluded, and where a person is named, seen by them.
create or replace function hidden_video_ids(p_user_id text, p_exclude text[]) returns text[]
language sql stable as $$
  select coalesce(array_agg(h.id), '{}') from (
    select unnest(p_exclude) as id
    union all select seen_video_ids(p_user_id) where p_user_id is not null
    union all select v.video_id from videos v where v.withdrawn
  ) h
$$;

-- The nearest videos by inner product, best first, less what is withdrawn, seen by the person, or excluded. Index
-- parameters are set for the statement's transaction only, so it works through a transaction pooler in one round trip.
create or replace function nearest_videos(
  p_version text, p_vector text, p_limit integer,
  p_user_id text default null, p_exclude text[] default '{}', p_ef_search integer default null
) returns table (video_id text, score double precision)
language plpgsql as $$
declare
  part embedding_partitions;
  query halfvec := p_vector::halfvec;
  hidden text[];
  ids text[];
  scores double precision[];
begin
  select * into part from embedding_partitions p where p.model_version = p_version;
  if part.model_version is null then
    raise exception 'version has no partition' using errcode = 'FT001';
  end if;
  if vector_dims(query) <> part.dims then
    raise exception 'version holds vectors of % numbers', part.dims using errcode = 'FT002';
  end if;
  hidden := hidden_video_ids(p_user_id, p_exclude);
  if part.indexed then
    perform set_config('hnsw.ef_search', least(1000, coalesce(p_ef_search, greatest(100, 2 * p_limit)))::text, true);
    -- Since pgvector 0.8; before it the exact scan below fills up what the filter took.
    if current_setting('hnsw.iterative_scan', true) is not null then
      perform set_config('hnsw.iterative_scan', 'relaxed_order', true);
    end if;
    execute format(
      'select array_agg(n.id), array_agg(n.score) from (
         select e.video_id as id, -(e.embedding::halfvec(%1$s) <#> $1::halfvec(%1$s)) as score from %2$I e
         where e.video_id <> all ($2) order by e.embedding::halfvec(%1$s) <#> $1::halfvec(%1$s) limit $3
       ) n', part.dims, part.videos_table)
    into ids, scores using query, hidden, p_limit;
  end if;
  if coalesce(cardinality(ids), 0) < p_limit then
    -- `+ 0` keeps the planner off the index: every vector is looked at, so enough are found wherever enough exist.
    execute format(
      'select array_agg(n.id), array_agg(n.score) from (
         select e.video_id as id, -(e.embedding <#> $1) as score from %1$I e
         where e.video_id <> all ($2) order by (e.embedding <#> $1) + 0, e.video_id limit $3
       ) n', part.videos_table)
    into ids, scores using query, hidden, p_limit;
  end if;
  return query select n.id, n.score from unnest(ids, scores) as n (id, score)
    order by n.score desc, n.id collate "C";
end $$;

-- The most liked first, each with its share of the weight of the most liked of all; where too few are liked, the
-- newest follow with 0.
create or replace function popular_videos(p_limit integer, p_user_id text default null, p_exclude text[] default '{}')
returns table (video_id text, score double precision)
language plpgsql stable as $$
declare
  hidden text[] := hidden_video_ids(p_user_id, p_exclude);
  top double precision := (select max(weight) from video_popularity);
  found_ids text[];
begin
  select coalesce(array_agg(p.video_id), '{}') into found_ids from (
    select v.video_id from video_popularity v where v.weight > 0 and v.video_id <> all (hidden)
    order by v.weight desc, v.video_id limit p_limit
  ) p;
  return query select v.video_id::text, v.weight / top from video_popularity v
    where v.video_id = any (found_ids) order by v.weight desc, v.video_id;
  if cardinality(found_ids) < p_limit then
    return query select v.video_id::text, 0::double precision from videos v
      where v.video_id <> all (hidden) and v.video_id <> all (found_ids)
      order by v.released_at desc nulls last, v.video_id limit p_limit - cardinality(found_ids);
  end if;
end $$;
