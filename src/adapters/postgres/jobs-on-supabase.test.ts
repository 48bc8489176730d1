import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { assembleDatabase } from "./database.ts";
import { testServers } from "./fresh-database.conformance.ts";

// What pg_cron, pg_net and the vault look like from outside; they write down what they are told.
const shims = [
  "create schema cron",
  "create table cron.job (jobname text primary key, schedule text, command text)",
  `create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as $$
    insert into cron.job values (job_name, schedule, command)
    on conflict (jobname) do update set schedule = excluded.schedule, command = excluded.command returning 1::bigint $$`,
  "create schema net",
  "create table net.requests (url text, body jsonb, headers jsonb, timeout_milliseconds integer)",
  `create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
    timeout_milliseconds integer default 5000) returns bigint language sql as $$
    insert into net.requests values (url, body, headers, timeout_milliseconds) returning 1::bigint $$`,
  "create schema vault",
  "create table vault.secrets (name text, secret text)",
  "create view vault.decrypted_secrets as select name, secret as decrypted_secret from vault.secrets",
];

async function scheduled(db: Connection): Promise<readonly { schedule: string; command: string }[]> {
  const { rows } = await sql<{ schedule: string; command: string }>`
    select schedule, command from cron.job where jobname = 'futago-jobs'`.execute(db);
  return rows;
}

describe.each(testServers())("jobs on Supabase, on $name", ({ open }) => {
  test("[JB11] a tick of pg_cron calls whoever does the jobs with the key of the vault, once both are set", async () => {
    const opened = await open();
    const { db } = opened;
    try {
      for (const shim of shims) await sql.raw(shim).execute(db);
      const database = await assembleDatabase(opened, {});
      const [job, ...others] = await scheduled(db);
      expect(others).toEqual([]);
      expect(job!.schedule).toBe("* * * * *");
      const called = async () => {
        await sql.raw(job!.command).execute(db);
        return (await sql`select * from net.requests`.execute(db)).rows;
      };
      expect(await called()).toEqual([]);
      await sql`insert into vault.secrets values ('futago_jobs_url', 'https://jobs.example/run'),
        ('futago_jobs_key', 'a key')`.execute(db);
      expect(await called()).toEqual([
        {
          url: "https://jobs.example/run",
          body: {},
          headers: { "content-type": "application/json", apikey: "a key" },
          timeout_milliseconds: 5000,
        },
      ]);
      expect(job!.command).not.toContain("a key");
      await database.migrate();
      expect(await scheduled(db)).toHaveLength(1);
    } finally {
      await opened.close();
    }
  });
});
