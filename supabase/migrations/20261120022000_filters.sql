-- Retrieval with filters and blocks. What is hidden, refused by a filter or blocked is looked up in `videos` for each
-- candidate, so that a take-down or a new price holds at once and no list of ids grows with the catalogue.
create index if not exists videos_genres on videos using gin (genres);
create index if not exists videos_price on videos (price);

-- What a filter (an `ItemFilter` as JSON) and a person's blocks ask of a row `v` of videos, as SQL; null where nothing.
-- Its literals stand in the text, so that the planner sees them and can say how many rows will match.
create or replace function video_conditions(p_user_id text, p_filter jsonb) returns text
language plpgsql stable as $$
declare
  blocks user_blocks;
  genres text[] := array(select jsonb_array_elements_text(p_filter->'genres'));
  makers text[] := array(select jsonb_array_elements_text(p_filter->'excludeMakers'));
  performers text[] := array(select jsonb_array_elements_text(p_filter->'excludePerformers'));
  conditions text[] := '{}';
begin
  select * into blocks from user_blocks b where b.user_id = p_user_id;
  makers := makers || blocks.makers;
  performers := array(select performer_id from performers p where p.name = any (performers || blocks.performers));
  if genres <> '{}' then conditions := conditions || format('v.genres && %L::text[]', genres); end if;
  if p_filter ? 'minPrice' then conditions := conditions || format('v.price >= %L', p_filter->>'minPrice'); end if;
  if p_filter ? 'maxPrice' then conditions := conditions || format('v.price <= %L', p_filter->>'maxPrice'); end if;
  if makers <> '{}' then
    conditions := conditions || format('(v.maker is null or v.maker <> all (%L::text[]))', makers);
  end if;
  if performers <> '{}' then
    conditions := conditions || format('not exists (select from video_performers j
      where j.video_id = v.video_id and j.performer_id = any (%L::text[]))', performers);
  end if;
  return nullif(array_to_string(conditions, ' and '), '');
end $$;

-- The nearest videos by inner product, best first, less what is hidden, seen by the person, blocked by them, excluded, or
-- outside the filter. One round trip; parameters are set for the transaction only, so a transaction pooler will do.
drop function if exists nearest_videos(text, text, integer, text, text[], integer);
create or replace function nearest_videos(
  p_version text, p_vector text, p_limit integer, p_user_id text default null, p_exclude text[] default '{}',
  p_filter jsonb default '{}', p_ef_search integer default null
) returns table (video_id text, score double precision)
language plpgsql as $$
declare
  part embedding_partitions;
  query halfvec := p_vector::halfvec;
  seen text[] := array(select seen_video_ids(p_user_id)) || p_exclude;
  conditions text := video_conditions(p_user_id, p_filter);
  use_index boolean;
  plan json;
  matches double precision;
  passed double precision;
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
  use_index := part.indexed;
  if use_index and conditions is not null then
    -- Of n matches among N videos the index passes limit * N / n before it has enough; the exact way looks at n, each as
    -- dear. Measured with 50,000 videos the two cost the same where n * n is about limit * N; the exact way is taken up to
    -- twice that, for it never errs. The planner's n is good enough for this.
    execute 'explain (format json) select from videos v where not v.hidden and ' || conditions into plan;
    matches := (plan->0->'Plan'->>'Plan Rows')::double precision;
    passed := p_limit * (select c.reltuples from pg_class c where c.oid = part.videos_table::regclass) / matches;
    use_index := matches > 2 * passed;
  end if;
  if use_index then
    perform set_config('hnsw.ef_search', least(1000, coalesce(p_ef_search, greatest(100, 2 * p_limit)))::text, true);
    -- Since pgvector 0.8; before it the exact search below fills up what the conditions took. So it does where the index
    -- has passed four times what it should have: then the matches lie elsewhere, and it would find the wrong ones.
    if current_setting('hnsw.iterative_scan', true) is not null then
      perform set_config('hnsw.iterative_scan', 'relaxed_order', true);
      perform set_config('hnsw.max_scan_tuples', ceil(greatest(1000, coalesce(4 * passed, 20000)))::text, true);
    end if;
    -- The conditions are a subquery for each candidate, which the planner cannot turn into a join and a sort.
    execute format(
      'select array_agg(n.id), array_agg(n.score) from (
         select e.video_id as id, -(e.embedding::halfvec(%1$s) <#> $1::halfvec(%1$s)) as score from %2$I e
         where e.video_id <> all ($2) and (%3$s)
         order by e.embedding::halfvec(%1$s) <#> $1::halfvec(%1$s) limit $3
       ) n', part.dims, part.videos_table, case when conditions is null
         then 'not exists (select from videos v where v.video_id = e.video_id and v.hidden offset 0)'
         else 'select not v.hidden and ' || conditions || ' from videos v where v.video_id = e.video_id' end)
    into ids, scores using query, seen, p_limit;
  end if;
  if coalesce(cardinality(ids), 0) < p_limit then
    -- `+ 0` keeps the planner off the index: every match is looked at, so enough are found wherever enough exist.
    execute format(
      'select array_agg(n.id), array_agg(n.score) from (
         select e.video_id as id, -(e.embedding <#> $1) as score from %1$I e
         where e.model_version = $4 and e.video_id <> all ($2) and %2$s
         order by (e.embedding <#> $1) + 0, e.video_id limit $3
       ) n', part.videos_table, case when conditions is null
         then 'not exists (select from videos v where v.video_id = e.video_id and v.hidden)'
         else 'exists (select from videos v where v.video_id = e.video_id and not v.hidden and ' || conditions || ')' end)
    into ids, scores using query, seen, p_limit, p_version;
  end if;
  return query select n.id, n.score from unnest(ids, scores) as n (id, score)
    order by n.score desc, n.id collate "C";
end $$;

-- The most liked first, each with its share of the weight of the most liked of all; where too few are liked, the newest
-- follow with 0. Left out is what nearest_videos leaves out.
drop function if exists popular_videos(integer, text, text[]);
create or replace function popular_videos(
  p_limit integer, p_user_id text default null, p_exclude text[] default '{}', p_filter jsonb default '{}'
) returns table (video_id text, score double precision)
language plpgsql stable as $$
declare
  seen text[] := array(select seen_video_ids(p_user_id)) || p_exclude;
  conditions text := coalesce(' and ' || video_conditions(p_user_id, p_filter), '');
  top double precision := (select max(weight) from video_popularity);
  liked integer;
begin
  return query execute
    'select v.video_id::text, p.weight / $1 from video_popularity p join videos v using (video_id)
     where p.weight > 0 and v.video_id <> all ($2) and not v.hidden' || conditions || '
     order by p.weight desc, p.video_id limit $3' using top, seen, p_limit;
  get diagnostics liked = row_count;
  if liked < p_limit then
    return query execute
      'select v.video_id::text, 0::double precision from videos v
       where v.video_id <> all ($1) and not v.hidden' || conditions || '
         and not exists (select from video_popularity p where p.video_id = v.video_id and p.weight > 0)
       order by v.released_at desc nulls last, v.video_id limit $2' using seen, p_limit - liked;
  end if;
end $$;
drop function if exists hidden_video_ids(text, text[]);
