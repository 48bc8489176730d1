-- What a hosted Supabase project has before our first migration, as far as rights go: its roles, and the schema `auth`
-- with the functions that read the claims which PostgREST sets for each transaction. For tests, and for
-- tools/describe-schema.ts. May run twice, and beside itself: roles belong to the whole server.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['anon nologin noinherit', 'authenticated nologin noinherit',
    'service_role nologin noinherit bypassrls', 'authenticator nologin noinherit']
  loop
    begin
      if not exists (select from pg_roles where rolname = split_part(wanted, ' ', 1)) then
        execute 'create role ' || wanted;
      end if;
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end $$;

create schema if not exists auth;
grant usage on schema auth to anon, authenticated, service_role;

create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
$$;
