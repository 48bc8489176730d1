-- What a sync with a source of the catalogue keeps: where it stands, what it has seen and when, what failed, and what may
-- never be stored. For the service alone.
create table if not exists sync_cursors (
  source text collate "C" not null,
  mode text not null check (mode in ('full', 'incremental')),
  cursor jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (source, mode)
);
create table if not exists sync_sweeps (
  source text collate "C" not null,
  partition text collate "C" not null,
  -- The number of the last full sync that read all of it.
  sweep integer not null,
  finished_at timestamptz not null default now(),
  primary key (source, partition)
);
create table if not exists sync_items (
  source text collate "C" not null,
  video_id text collate "C" not null references videos on delete cascade,
  seen_sweep integer not null,
  -- Of what its vectors were made; null until they are.
  content_hash text,
  -- Withdrawn by a sync, as it was missing: shown again once it is back. A take-down by a person takes this away.
  missing boolean not null default false,
  primary key (source, video_id)
);
create index if not exists sync_items_video_id on sync_items (video_id);
create table if not exists sync_failures (
  source text collate "C" not null,
  item_id text collate "C" not null,
  stage text not null check (stage in ('read', 'store', 'embed')),
  reason text not null,
  attempts integer not null default 1,
  dead boolean not null default false,
  last_at timestamptz not null default now(),
  primary key (source, item_id)
);
create table if not exists denied_videos (
  video_id text collate "C" primary key,
  reason text not null default '',
  denied_at timestamptz not null default now()
);

-- Whoever writes: a denied video is not inserted, and one that is there stays withdrawn. The lock of take-downs, which
-- every writer of videos shares, makes a denial wait for those that would not see it.
create or replace function keep_denied_out() returns trigger
language plpgsql as $$
begin
  if exists (select from denied_videos d where d.video_id = new.video_id) then
    if tg_op = 'INSERT' then return null; end if;
    new.withdrawn := true;
  end if;
  return new;
end $$;
create or replace trigger keep_denied_out before insert or update of withdrawn on videos
  for each row execute function keep_denied_out();

create or replace function deny_video(p_video_id text, p_reason text) returns void
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('futago take-downs', 0));
  insert into denied_videos (video_id, reason) values (p_video_id, p_reason)
    on conflict (video_id) do update set reason = excluded.reason;
  update videos set withdrawn = true, updated_at = now() where video_id = p_video_id and not withdrawn;
  delete from video_embeddings where video_id = p_video_id;
  delete from sync_items where video_id = p_video_id;
  delete from sync_failures where item_id = p_video_id;
end $$;

do $$
declare
  name text;
  closed_to text := 'public';
  has_service boolean := exists (select from pg_roles where rolname = 'service_role');
begin
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    closed_to := closed_to || ', ' || name;
  end loop;
  foreach name in array array['sync_cursors', 'sync_sweeps', 'sync_items', 'sync_failures', 'denied_videos'] loop
    execute format('alter table %I enable row level security', name);
    execute format('revoke all on %I from %s', name, closed_to);
    if has_service then execute format('grant all on %I to service_role', name); end if;
  end loop;
  foreach name in array array['keep_denied_out()', 'deny_video(text, text)'] loop
    execute format('revoke all on function %s from %s', name, closed_to);
    if has_service then execute format('grant execute on function %s to service_role', name); end if;
  end loop;
end $$;
