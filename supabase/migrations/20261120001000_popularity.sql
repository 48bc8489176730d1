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
