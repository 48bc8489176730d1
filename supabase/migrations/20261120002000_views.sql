-- Events and items as the application sees them. Dropped first: a view cannot be replaced by one with other columns, and
-- this file may run on a database whose tables have more of them by now.
-- Was 339f0ba93c3c70fd982711d31108510229e6b341703094b630d076b9985953cd: take_downs makes the items anew.
drop view if exists catalogue_events, catalogue_items;
create or replace view catalogue_events with (security_invoker = true) as
  select user_id, video_id, 0 as kind, created_at as at,
    null::double precision as watch_fraction, null::double precision as watch_seconds from likes
  union all
  select user_id, video_id, 1, decided_at, null, null from user_video_decisions where decision = 'nope'
  union all
  select user_id, video_id, 2, viewed_at, watch_fraction, watch_seconds from video_views;

create or replace view catalogue_items with (security_invoker = true) as
  select v.video_id, v.title, v.description, v.maker, v.series, v.genres, v.price, v.duration_minutes, v.review_count,
    v.review_average, v.thumbnail_url, v.attributes, v.released_at, v.withdrawn, v.content_hash, v.created_at,
    v.updated_at,
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
