-- Take-downs of performers, beside those of videos. `withdrawn` of a video is its own; `hidden` is what every reader goes
-- by: withdrawn, or with a performer who is. Triggers keep it, so that no import and no other writer can forget to.
alter table performers add column if not exists withdrawn boolean not null default false;
create index if not exists performers_name on performers (name);
create index if not exists performers_withdrawn on performers (performer_id) where withdrawn;

alter table videos add column if not exists performer_withdrawn boolean not null default false;
alter table videos add column if not exists hidden boolean not null
  generated always as (withdrawn or performer_withdrawn) stored;
drop index if exists videos_withdrawn;
create index if not exists videos_hidden on videos (video_id) where hidden;

-- An import and a take-down at the same moment would each miss what the other has not committed yet. Imports share a
-- lock, a take-down has it alone. Both take it before they touch a row, or they would wait for each other. Another schema of
-- the same database has a lock of its own.
create or replace function lock_take_downs() returns trigger
language plpgsql as $$
declare
  lock bigint := hashtextextended('futago take-downs ' || tg_table_schema, 0);
begin
  if tg_table_name = 'performers' then
    perform pg_advisory_xact_lock(lock);
  else
    perform pg_advisory_xact_lock_shared(lock);
  end if;
  return null;
end $$;
create or replace trigger lock_take_downs before update on performers
  for each statement execute function lock_take_downs();
create or replace trigger lock_take_downs before insert or update on videos
  for each statement execute function lock_take_downs();
create or replace trigger lock_take_downs before insert or update or delete on video_performers
  for each statement execute function lock_take_downs();

create or replace function cast_changed() returns trigger
language plpgsql as $$
begin
  if not exists (select from performers where withdrawn) then return null; end if;
  update videos v set performer_withdrawn = w.withdrawn
  from (
    select c.video_id, exists (select from video_performers j join performers p using (performer_id)
      where j.video_id = c.video_id and p.withdrawn) as withdrawn
    from (select distinct video_id from changed) c
  ) w
  where v.video_id = w.video_id and v.performer_withdrawn <> w.withdrawn;
  return null;
end $$;
create or replace trigger cast_inserted after insert on video_performers
  referencing new table as changed for each statement execute function cast_changed();
create or replace trigger cast_updated after update on video_performers
  referencing new table as changed for each statement execute function cast_changed();
create or replace trigger cast_deleted after delete on video_performers
  referencing old table as changed for each statement execute function cast_changed();

create or replace function performers_changed() returns trigger
language plpgsql as $$
begin
  update videos v set performer_withdrawn = w.withdrawn
  from (
    select c.video_id, exists (select from video_performers j join performers p using (performer_id)
      where j.video_id = c.video_id and p.withdrawn) as withdrawn
    from (
      select distinct j.video_id from changed n join was o using (performer_id) join video_performers j using (performer_id)
      where n.withdrawn <> o.withdrawn
    ) c
  ) w
  where v.video_id = w.video_id and v.performer_withdrawn <> w.withdrawn;
  return null;
end $$;
create or replace trigger performers_changed after update on performers
  referencing old table as was new table as changed for each statement execute function performers_changed();

-- What readers call withdrawn.
create or replace view catalogue_items with (security_invoker = true) as
  select v.video_id, v.title, v.description, v.maker, v.series, v.genres, v.price, v.duration_minutes, v.review_count,
    v.review_average, v.thumbnail_url, v.attributes, v.released_at, v.hidden as withdrawn, v.content_hash, v.created_at,
    v.updated_at,
    (select array_agg(p.name order by j.position) from video_performers j join performers p using (performer_id)
      where j.video_id = v.video_id) as performers,
    (select array_agg(t.name order by j.position) from video_tags j join tags t using (tag_id)
      where j.video_id = v.video_id) as tags
  from videos v;
