-- What is remembered of a source's key: requests of the day, and until when it is left alone. No key is in it. For the
-- service alone.
create table if not exists sync_quotas (
  source text collate "C" primary key,
  -- Null until the first request.
  state jsonb
);

do $$
declare
  name text;
  closed_to text := 'public';
begin
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    closed_to := closed_to || ', ' || name;
  end loop;
  alter table sync_quotas enable row level security;
  execute format('revoke all on sync_quotas from %s', closed_to);
  if exists (select from pg_roles where rolname = 'service_role') then
    grant all on sync_quotas to service_role;
  end if;
end $$;
