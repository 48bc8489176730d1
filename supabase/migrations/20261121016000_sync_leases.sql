-- Which sync of a source is under way, and until when it is believed to be without saying so again. For the service alone.
create table if not exists sync_leases (
  source text collate "C" primary key,
  owner text not null,
  expires_at timestamptz not null
);

do $$
declare
  name text;
  closed_to text := 'public';
begin
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    closed_to := closed_to || ', ' || name;
  end loop;
  alter table sync_leases enable row level security;
  execute format('revoke all on sync_leases from %s', closed_to);
  if exists (select from pg_roles where rolname = 'service_role') then
    grant all on sync_leases to service_role;
  end if;
end $$;
