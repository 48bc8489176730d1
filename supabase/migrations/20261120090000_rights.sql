-- Who may what, the whole of it: the file that stands last says how things are. Nothing depends on what a project grants
-- by default, and nothing of that is left. `anon` may nothing. `authenticated`, a viewer, sees the catalogue once their
-- age is confirmed, and their own rows; the age is that of the profile, which only `service_role` writes: a claim in a
-- token may be older than a confirmation that was taken back. Everything else needs `service_role`, or the owner.
-- Roles that do not exist are left out; where they come later, `futago migrate` runs the files again.
do $$
declare
  name text;
  closed_to text := 'public';
  has_service boolean := exists (select from pg_roles where rolname = 'service_role');
begin
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    closed_to := closed_to || ', ' || name;
  end loop;

  foreach name in array array['profiles', 'videos', 'performers', 'tags', 'video_performers', 'video_tags', 'likes',
    'user_video_decisions', 'video_views', 'user_blocks', 'import_cursors', 'embedding_model_versions',
    'feature_importance', 'video_embeddings', 'user_embeddings', 'embedding_partitions', 'video_popularity']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('revoke all on %I from %s', name, closed_to);
    if has_service then execute format('grant all on %I to service_role', name); end if;
  end loop;

  foreach name in array array['catalogue_events', 'catalogue_items'] loop
    execute format('alter view %I set (security_invoker = true)', name);
    execute format('revoke all on %I from %s', name, closed_to);
    if has_service then
      execute format('revoke all on %I from service_role', name);
      execute format('grant select on %I to service_role', name);
    end if;
  end loop;

  -- Every function of ours, whatever its arguments became.
  for name in select p.oid::regprocedure::text from pg_proc p
    where p.pronamespace = current_schema()::regnamespace and p.proname in ('cast_changed',
      'create_embedding_partition', 'drop_embedding_partition', 'erase_person', 'export_person', 'like_weight',
      'likes_deleted', 'likes_inserted', 'likes_updated', 'lock_take_downs', 'model_activated', 'nearest_videos',
      'performers_changed', 'person_history', 'person_tables', 'popular_videos', 'seen_video_ids', 'video_conditions')
  loop
    execute format('revoke all on function %s from %s', name, closed_to);
    if has_service then execute format('grant execute on function %s to service_role', name); end if;
  end loop;

  -- Triggers that run with their owner's rights: a temporary table of the caller must not stand before ours.
  foreach name in array array['likes_inserted()', 'likes_deleted()', 'likes_updated()'] loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
  end loop;
end $$;

-- What a viewer may. A viewer is who `auth.uid()` says, so without Supabase's `auth` nobody is one.
do $$
declare
  name text;
  -- Once for each statement, not for each row; cast this side, so that the indexes on user_id serve.
  me constant text := '(select auth.uid())::text';
  adult constant text := format(
    'exists (select from profiles p where p.user_id = %s and p.age_confirmed_at is not null)', me);
  moment text;
begin
  if not exists (select from pg_roles where rolname = 'authenticated')
    or to_regprocedure('auth.uid()') is null then return; end if;

  grant select on profiles, videos, performers, tags, video_performers, video_tags to authenticated;
  grant select, insert, update, delete on likes, user_video_decisions, video_views to authenticated;
  -- A viewer may open their profile, with nothing in it.
  grant insert (user_id) on profiles to authenticated;

  drop policy if exists own_profile on profiles;
  execute format('create policy own_profile on profiles for select to authenticated using (user_id = %s)', me);
  drop policy if exists new_profile on profiles;
  execute format('create policy new_profile on profiles for insert to authenticated with check (user_id = %s)', me);

  drop policy if exists adults_only on videos;
  execute format('create policy adults_only on videos for select to authenticated using (not hidden and %s)', adult);
  drop policy if exists adults_only on performers;
  execute format('create policy adults_only on performers for select to authenticated using (not withdrawn and %s)', adult);
  drop policy if exists adults_only on tags;
  execute format('create policy adults_only on tags for select to authenticated using (%s)', adult);
  foreach name in array array['video_performers', 'video_tags'] loop
    execute format('drop policy if exists adults_only on %I', name);
    -- Through the policy of videos: what is hidden is not told of here either.
    execute format('create policy adults_only on %1$I for select to authenticated using (exists (
      select from videos v where v.video_id = %1$I.video_id))', name);
  end loop;

  -- Events: their own, of videos they may see (a withdrawn one and one that does not exist fail alike), at a moment the
  -- service would take, from 1990 on: a like dated far ahead would stand first in the order of popularity for good.
  foreach name in array array['likes', 'user_video_decisions', 'video_views'] loop
    moment := case name when 'likes' then 'created_at' when 'video_views' then 'viewed_at' else 'decided_at' end;
    execute format('drop policy if exists own_rows on %I', name);
    execute format('create policy own_rows on %1$I for all to authenticated using (user_id = %2$s)
      with check (user_id = %2$s
        and %3$I between to_timestamp(631152000) and now() + interval ''5 minutes''
        and exists (select from videos v where v.video_id = %1$I.video_id)%4$s)', name, me, moment,
      case name
        -- A like and a nope of one video are one decision, in one of the two tables.
        when 'likes' then ' and not exists (select from user_video_decisions d
          where d.user_id = likes.user_id and d.video_id = likes.video_id)'
        when 'user_video_decisions' then ' and decision = ''nope'' and not exists (select from likes l
          where l.user_id = user_video_decisions.user_id and l.video_id = user_video_decisions.video_id)'
        -- NaN and infinity pass the check of the table.
        else ' and coalesce(watch_seconds, 0) <= 86400' end);
  end loop;
end $$;
