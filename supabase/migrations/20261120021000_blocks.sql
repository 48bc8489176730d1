-- Makers and performers that a viewer does not want to see.
create table if not exists user_blocks (
  user_id text collate "C" primary key references profiles on delete cascade,
  makers text[] not null,
  performers text[] not null
);
alter table user_blocks enable row level security;
do $$
begin
  if exists (select from pg_roles where rolname = 'anon') then
    revoke all on user_blocks from anon;
  end if;
  if exists (select from pg_roles where rolname = 'authenticated') then
    revoke all on user_blocks from authenticated;
  end if;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant all on user_blocks to service_role;
  end if;
end $$;
