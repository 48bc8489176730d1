-- The schema of Futago: catalogue, people, events, model versions, vectors.
-- The one source of it, for the Supabase CLI and for `futago`. Runs on Postgres 15-18 and PGlite; every statement may
-- run twice. Names are unqualified so that a test can own a schema; pgvector may live in any schema on the path.

do $$
begin
  if not exists (select from pg_extension where extname = 'vector') then
    if exists (select from pg_namespace where nspname = 'extensions') then
      create extension vector schema extensions;
    else
      create extension vector schema public;
    end if;
  end if;
end $$;

-- Ids sort by bytes (collate "C"): the same order in every database and in TypeScript, so that streams can be merged.

create table if not exists profiles (
  user_id text collate "C" primary key,
  age_confirmed_at timestamptz,
  attributes jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table if not exists videos (
  video_id text collate "C" primary key,
  title text not null,
  description text,
  maker text,
  series text,
  genres text[],
  price double precision,
  duration_minutes double precision,
  review_count double precision,
  review_average double precision,
  thumbnail_url text,
  -- Every field that has no column of its own, or whose value does not fit its column.
  attributes jsonb not null default '{}',
  released_at timestamptz,
  withdrawn boolean not null default false,
  -- md5 of what was put, less `withdrawn`: an equal row is neither written nor stamped.
  content_hash text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists videos_withdrawn on videos (video_id) where withdrawn;
create index if not exists videos_released_at on videos (released_at desc nulls last, video_id);

create table if not exists performers (
  performer_id text collate "C" primary key,
  name text not null
);
create table if not exists tags (
  tag_id text collate "C" primary key,
  name text not null
);
create table if not exists video_performers (
  video_id text collate "C" not null references videos on delete cascade,
  position integer not null,
  performer_id text collate "C" not null references performers on delete cascade,
  primary key (video_id, position)
);
create index if not exists video_performers_performer_id on video_performers (performer_id);
create table if not exists video_tags (
  video_id text collate "C" not null references videos on delete cascade,
  position integer not null,
  tag_id text collate "C" not null references tags on delete cascade,
  primary key (video_id, position)
);
create index if not exists video_tags_tag_id on video_tags (tag_id);

create table if not exists likes (
  user_id text collate "C" not null references profiles on delete cascade,
  video_id text collate "C" not null references videos on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, video_id)
);
create index if not exists likes_user_id_created_at on likes (user_id, created_at desc);
create index if not exists likes_video_id on likes (video_id);

create table if not exists user_video_decisions (
  user_id text collate "C" not null references profiles on delete cascade,
  video_id text collate "C" not null references videos on delete cascade,
  decision text not null check (decision in ('like', 'nope')),
  decided_at timestamptz not null default now(),
  primary key (user_id, video_id)
);
create index if not exists user_video_decisions_user_id_decided_at on user_video_decisions (user_id, decided_at desc);
create index if not exists user_video_decisions_video_id on user_video_decisions (video_id);

create table if not exists video_views (
  user_id text collate "C" not null references profiles on delete cascade,
  video_id text collate "C" not null references videos on delete cascade,
  viewed_at timestamptz not null default now(),
  watch_fraction double precision check (watch_fraction between 0 and 1),
  watch_seconds double precision check (watch_seconds >= 0),
  primary key (user_id, video_id, viewed_at)
);
create index if not exists video_views_user_id_viewed_at on video_views (user_id, viewed_at desc);
create index if not exists video_views_video_id on video_views (video_id);

create table if not exists import_cursors (
  source text primary key,
  lines jsonb not null,
  updated_at timestamptz not null default now()
);

create table if not exists embedding_model_versions (
  version text collate "C" primary key,
  status text not null default 'candidate' check (status in ('candidate', 'active', 'retired')),
  dims integer not null check (dims between 1 and 4000),
  preset text not null,
  manifest_hash text not null,
  metrics jsonb not null default '{}',
  parent text,
  description text not null default '',
  created_at timestamptz not null default now(),
  activated_at timestamptz
);
create unique index if not exists embedding_model_versions_active on embedding_model_versions (status)
  where status = 'active';

create table if not exists feature_importance (
  model_version text collate "C" not null references embedding_model_versions on delete cascade,
  feature text not null,
  importance double precision not null,
  primary key (model_version, feature)
);

-- Vectors: one partition per model version, so that two versions live side by side, never meet in one query, and
-- retiring one is dropping a table. halfvec without a width here, since widths differ between versions.
create table if not exists video_embeddings (
  model_version text collate "C" not null,
  video_id text collate "C" not null references videos on delete cascade,
  embedding halfvec not null,
  content_hash text not null,
  primary key (model_version, video_id)
) partition by list (model_version);
create table if not exists user_embeddings (
  model_version text collate "C" not null,
  user_id text collate "C" not null references profiles on delete cascade,
  embedding halfvec not null,
  content_hash text not null,
  primary key (model_version, user_id)
) partition by list (model_version);
create table if not exists embedding_partitions (
  model_version text collate "C" primary key,
  dims integer not null check (dims between 1 and 4000),
  videos_table text not null,
  users_table text not null,
  indexed boolean not null default false
);

-- Popularity: the sum over a video's likes of 2^((at - 2020-01-01) / 30 days). A like loses half its weight in 30
-- days, and since every weight decays alike the order holds at any moment without being computed again.
create table if not exists video_popularity (
  video_id text collate "C" primary key references videos on delete cascade,
  likes integer not null,
  weight double precision not null
);
create index if not exists video_popularity_weight on video_popularity (weight desc, video_id);

create or replace function like_weight(p_at timestamptz) returns double precision
language sql immutable parallel safe as $$
  -- Exponents are bounded: a date far outside our age must not overflow a double.
  select power(2::double precision, greatest(-1000, least(1000,
    (extract(epoch from p_at)::double precision - 1577836800) / 2592000)))
$$;

-- `from current`: the trigger runs with its owner's rights on the schema it was made in, whoever likes.
create or replace function likes_inserted() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into video_popularity as p (video_id, likes, weight)
  select video_id, count(*), sum(like_weight(created_at)) from added group by video_id order by video_id
  on conflict (video_id) do update set likes = p.likes + excluded.likes, weight = p.weight + excluded.weight;
  return null;
end $$;
create or replace function likes_deleted() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  update video_popularity p set
    likes = p.likes - d.likes,
    weight = case when p.likes = d.likes then 0 else greatest(0, p.weight - d.weight) end
  from (select video_id, count(*) as likes, sum(like_weight(created_at)) as weight from removed group by video_id) d
  where p.video_id = d.video_id;
  return null;
end $$;
create or replace function likes_updated() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into video_popularity as p (video_id, likes, weight)
  select video_id, sum(likes), sum(weight) from (
    select video_id, 1 as likes, like_weight(created_at) as weight from added
    union all
    select video_id, -1, -like_weight(created_at) from removed
  ) changes group by video_id order by video_id
  on conflict (video_id) do update
    set likes = p.likes + excluded.likes, weight = greatest(0, p.weight + excluded.weight);
  return null;
end $$;
create or replace trigger likes_inserted after insert on likes
  referencing new table as added for each statement execute function likes_inserted();
create or replace trigger likes_deleted after delete on likes
  referencing old table as removed for each statement execute function likes_deleted();
create or replace trigger likes_updated after update on likes
  referencing old table as removed new table as added for each statement execute function likes_updated();

-- Events and items as the application sees them.
create or replace view catalogue_events with (security_invoker = true) as
  select user_id, video_id, 0 as kind, created_at as at,
    null::double precision as watch_fraction, null::double precision as watch_seconds from likes
  union all
  select user_id, video_id, 1, decided_at, null, null from user_video_decisions where decision = 'nope'
  union all
  select user_id, video_id, 2, viewed_at, watch_fraction, watch_seconds from video_views;

create or replace view catalogue_items with (security_invoker = true) as
  select v.*,
    (select array_agg(p.name order by j.position) from video_performers j join performers p using (performer_id)
      where j.video_id = v.video_id) as performers,
    (select array_agg(t.name order by j.position) from video_tags j join tags t using (tag_id)
      where j.video_id = v.video_id) as tags
  from videos v;

-- What a person is not shown again: liked, refused, or watched for a tenth or more. A view of unknown length counts as
-- watched; a shorter look does not, for it says nothing about having seen the video.
create or replace function seen_video_ids(p_user_id text) returns setof text
language sql stable as $$
  select video_id from likes where user_id = p_user_id
  union
  select video_id from user_video_decisions where user_id = p_user_id
  union
  select video_id from video_views where user_id = p_user_id and coalesce(watch_fraction, 1) >= 0.1
$$;

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

-- Removes a person and all that is known of them; every table that names a person cascades from profiles.
create or replace function erase_person(p_user_id text) returns boolean
language plpgsql as $$
begin
  delete from profiles where user_id = p_user_id;
  return found;
end $$;

-- Rights. Row security everywhere; the server connects as the owner or as service_role, which pass it. A signed-in
-- viewer sees the catalogue once their age is confirmed, and their own rows; nobody else sees anything. Where Supabase's
-- roles do not exist, nothing is granted.
do $$
declare
  name text;
begin
  foreach name in array array['profiles', 'videos', 'performers', 'tags', 'video_performers', 'video_tags', 'likes',
    'user_video_decisions', 'video_views', 'import_cursors', 'embedding_model_versions', 'feature_importance',
    'video_embeddings', 'user_embeddings', 'embedding_partitions', 'video_popularity']
  loop
    execute format('alter table %I enable row level security', name);
    if exists (select from pg_roles where rolname = 'anon') then
      execute format('revoke all on %I from anon', name);
    end if;
    if exists (select from pg_roles where rolname = 'authenticated') then
      execute format('revoke all on %I from authenticated', name);
    end if;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant all on %I to service_role', name);
    end if;
  end loop;

  foreach name in array array['like_weight(timestamptz)', 'likes_inserted()', 'likes_deleted()', 'likes_updated()',
    'seen_video_ids(text)', 'hidden_video_ids(text, text[])', 'create_embedding_partition(text, integer)',
    'drop_embedding_partition(text)', 'nearest_videos(text, text, integer, text, text[], integer)',
    'popular_videos(integer, text, text[])', 'erase_person(text)']
  loop
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

  if exists (select from pg_roles where rolname = 'service_role') then
    grant select on catalogue_events, catalogue_items to service_role;
  end if;

  if exists (select from pg_roles where rolname = 'authenticated') and to_regprocedure('auth.uid()') is not null then
    grant select on profiles, videos, performers, tags, video_performers, video_tags to authenticated;
    grant select, insert, update, delete on likes, user_video_decisions, video_views to authenticated;
    drop policy if exists own_profile on profiles;
    create policy own_profile on profiles for select to authenticated
      using (user_id = (select auth.uid())::text);
    drop policy if exists adults_only on videos;
    create policy adults_only on videos for select to authenticated
      using (not withdrawn and exists (
        select from profiles p where p.user_id = (select auth.uid())::text and p.age_confirmed_at is not null));
    foreach name in array array['performers', 'tags'] loop
      execute format('drop policy if exists adults_only on %I', name);
      execute format('create policy adults_only on %I for select to authenticated using (exists (
        select from profiles p where p.user_id = (select auth.uid())::text and p.age_confirmed_at is not null))', name);
    end loop;
    foreach name in array array['video_performers', 'video_tags'] loop
      execute format('drop policy if exists adults_only on %I', name);
      -- Through the policy of videos: what is withdrawn is not told of here either.
      execute format('create policy adults_only on %1$I for select to authenticated using (exists (
        select from videos v where v.video_id = %1$I.video_id))', name);
    end loop;
    foreach name in array array['likes', 'user_video_decisions', 'video_views'] loop
      execute format('drop policy if exists own_rows on %I', name);
      execute format('create policy own_rows on %I for all to authenticated
        using (user_id = (select auth.uid())::text) with check (user_id = (select auth.uid())::text)', name);
    end loop;
  end if;
end $$;
