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
