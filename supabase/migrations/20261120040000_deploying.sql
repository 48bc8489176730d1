-- A name for people beside the name: 1.4.0. What was registered before is counted up in its order.
alter table embedding_model_versions add column if not exists semantic_version text
  check (semantic_version ~ '^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$');
update embedding_model_versions v set semantic_version = n.semantic_version
  from (select version, '1.' || (row_number() over (order by created_at, version) - 1) || '.0' as semantic_version
    from embedding_model_versions) n
  where n.version = v.version and v.semantic_version is null;
alter table embedding_model_versions alter column semantic_version set not null;
create unique index if not exists embedding_model_versions_semantic_version
  on embedding_model_versions (semantic_version);

-- Whoever listens on `futago_models` is told of another active version when its transaction commits, whoever made it.
create or replace function model_activated() returns trigger
language plpgsql as $$
begin
  perform pg_notify('futago_models', new.version);
  return null;
end $$;
do $$
declare
  name text;
begin
  revoke execute on function model_activated() from public;
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    execute format('revoke execute on function model_activated() from %I', name);
  end loop;
end $$;
create or replace trigger model_activated after update of status on embedding_model_versions
  for each row when (new.status = 'active' and old.status <> 'active') execute function model_activated();
