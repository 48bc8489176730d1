-- Conditions of a search, now also for what is new: released after a moment (milliseconds since 1970), and liked by few.
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
  if p_filter ? 'releasedAfter' then
    conditions := conditions || format('v.released_at > %L::timestamptz',
      to_timestamp((p_filter->>'releasedAfter')::double precision / 1000));
  end if;
  if p_filter ? 'mostLikes' then
    conditions := conditions || format('not exists (select from video_popularity l
      where l.video_id = v.video_id and l.likes > %L)', p_filter->>'mostLikes');
  end if;
  if makers <> '{}' then
    conditions := conditions || format('(v.maker is null or v.maker <> all (%L::text[]))', makers);
  end if;
  if performers <> '{}' then
    conditions := conditions || format('not exists (select from video_performers j
      where j.video_id = v.video_id and j.performer_id = any (%L::text[]))', performers);
  end if;
  return nullif(array_to_string(conditions, ' and '), '');
end $$;
