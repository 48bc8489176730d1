-- A person, their latest events and the items of those, in one row. plpgsql, not sql: its plan is kept by the session,
-- through a transaction pooler too.
create or replace function person_history(p_user_id text, p_limit integer)
returns table (user_id text, attributes jsonb, age double precision, events json, items json)
language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  -- Each branch reads no more than the limit from its own index on (person, time).
  with latest as materialized (
    select * from (
      (select video_id, 0 as kind, created_at as at, null::double precision as watch_fraction,
        null::double precision as watch_seconds
        from likes where user_id = p_user_id order by created_at desc, video_id desc limit p_limit)
      union all
      (select video_id, 1, decided_at, null, null from user_video_decisions
        where user_id = p_user_id and decision = 'nope' order by decided_at desc, video_id desc limit p_limit)
      union all
      (select video_id, 2, viewed_at, watch_fraction, watch_seconds from video_views
        where user_id = p_user_id order by viewed_at desc, video_id desc limit p_limit)
    ) e order by at desc, video_id desc, kind desc limit p_limit
  )
  select p.user_id::text, p.attributes, round(extract(epoch from p.age_confirmed_at) * 1000)::double precision as age,
    (select coalesce(json_agg(json_build_object('user_id', p.user_id, 'video_id', e.video_id, 'kind', e.kind,
        'at', round(extract(epoch from e.at) * 1000)::double precision,
        'watch_fraction', e.watch_fraction, 'watch_seconds', e.watch_seconds) order by e.at, e.video_id, e.kind), '[]')
      from latest e) as events,
    (select coalesce(json_agg(json_build_object('video_id', v.video_id, 'title', v.title,
        'description', v.description, 'maker', v.maker, 'series', v.series, 'genres', v.genres,
        'performers', v.performers, 'tags', v.tags, 'price', v.price, 'duration_minutes', v.duration_minutes,
        'review_count', v.review_count, 'review_average', v.review_average, 'thumbnail_url', v.thumbnail_url,
        'attributes', v.attributes, 'withdrawn', v.withdrawn,
        'released_at', round(extract(epoch from v.released_at) * 1000)::double precision)), '[]')
      from catalogue_items v where v.video_id in (select video_id from latest)) as items
  from profiles p where p.user_id = p_user_id;
end $$;

do $$
begin
  revoke execute on function person_history(text, integer) from public;
  if exists (select from pg_roles where rolname = 'anon') then
    revoke execute on function person_history(text, integer) from anon;
  end if;
  if exists (select from pg_roles where rolname = 'authenticated') then
    revoke execute on function person_history(text, integer) from authenticated;
  end if;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant execute on function person_history(text, integer) to service_role;
  end if;
end $$;
