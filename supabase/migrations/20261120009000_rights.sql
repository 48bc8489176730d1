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
