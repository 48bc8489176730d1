-- On Supabase a minute's tick of pg_cron calls whoever does the jobs, through pg_net. Where to and with which key is in
-- the vault, as `futago_jobs_url` and `futago_jobs_key`; while they are not set nothing is called. Elsewhere this does
-- nothing: futago jobs run has a clock of its own.
do $$
declare
  name text;
begin
  -- Vault and pg_net together are Supabase's alone; others may have pg_cron without what it needs to be loaded.
  if exists (select from pg_available_extensions e where e.name = 'supabase_vault') then
    foreach name in array array['pg_cron', 'pg_net', 'supabase_vault'] loop
      begin
        execute format('create extension if not exists %I', name);
      exception when others then
        raise notice 'extension % could not be enabled: %', name, sqlerrm;
      end;
    end loop;
  end if;
  if to_regnamespace('cron') is null or to_regnamespace('net') is null
    or to_regclass('vault.decrypted_secrets') is null then return; end if;
  -- The key is read when it is used: the table of jobs of pg_cron does not hold it.
  execute $call$ select cron.schedule('futago-jobs', '* * * * *', $command$
    select net.http_post(url := u.decrypted_secret, body := '{}'::jsonb,
      headers := jsonb_build_object('content-type', 'application/json', 'apikey', k.decrypted_secret),
      timeout_milliseconds := 5000)
    from vault.decrypted_secrets u join vault.decrypted_secrets k on k.name = 'futago_jobs_key'
    where u.name = 'futago_jobs_url' $command$) $call$;
end $$;
