-- Studies of settings and every trial of them (futago tune). For the service alone.
create table if not exists tuning_studies (
  study text collate "C" primary key,
  -- Everything that decides what the trials are: data, base settings, space, seed, rungs. Never changed.
  plan jsonb not null,
  created_at timestamptz not null default now(),
  -- Who works on it, and until when that is believed.
  owner text,
  leased_until timestamptz
);
create table if not exists tuning_trials (
  study text collate "C" not null references tuning_studies on delete cascade,
  trial integer not null check (trial >= 0),
  settings jsonb not null,
  -- running is also what a killed process was training.
  state text not null check (state in ('failed', 'finished', 'running', 'waiting')),
  -- Best validation NDCG@10 up to each rung that is done.
  scores double precision[] not null default '{}',
  -- Every validation: [{"epoch": …, "ndcg": …}].
  curve jsonb not null default '[]',
  reason text,
  seconds double precision not null default 0,
  memory_bytes double precision not null default 0,
  updated_at timestamptz not null default now(),
  primary key (study, trial)
);

do $$
declare
  name text;
  closed_to text := 'public';
  has_service boolean := exists (select from pg_roles where rolname = 'service_role');
begin
  for name in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
    closed_to := closed_to || ', ' || name;
  end loop;
  foreach name in array array['tuning_studies', 'tuning_trials'] loop
    execute format('alter table %I enable row level security', name);
    execute format('revoke all on %I from %s', name, closed_to);
    if has_service then execute format('grant all on %I to service_role', name); end if;
  end loop;
end $$;
