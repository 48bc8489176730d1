import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assembleDatabase, type Database } from "./database.ts";
import { createSupabasePlatform, testServers } from "./fresh-database.conformance.ts";
import { type Actor, createActing, person, seedEverything } from "./row-security.conformance.ts";

// What becomes of `select`, `insert`, `update`, `delete` and `truncate` without a condition, a letter each:
// - has no right to; c may, but row security refuses the row; a digit: the rows that were touched; + nothing in the way.
// x what no view can do. Every table, view and partition needs its line: one that is added is closed, or somebody thought about it.
const everybody = (all: string) => ({
  authenticator: all,
  anon: all,
  nobody: all,
  stranger: all,
  minor: all,
  adult: all,
});
const closed = everybody("-----");
const catalogue = { ...closed, nobody: "0----", stranger: "0----", minor: "0----" };
const events = { ...closed, nobody: "0c00-", stranger: "0c00-", minor: "1cc1-", adult: "1c11-" };
const expected: Readonly<Record<string, Readonly<Record<Actor, string>>>> = {
  profiles: {
    ...closed,
    nobody: "0c---",
    stranger: "0c---",
    minor: "1c---",
    adult: "1c---",
    service: "3+33+",
  },
  videos: { ...catalogue, adult: "2----", service: "4+44+" },
  performers: { ...catalogue, adult: "1----", service: "2+22+" },
  tags: { ...catalogue, adult: "2----", service: "2+22+" },
  video_performers: { ...catalogue, adult: "1----", service: "2+22+" },
  video_tags: { ...catalogue, adult: "1----", service: "2+22+" },
  likes: { ...events, service: "3+33+" },
  user_video_decisions: { ...events, service: "3+33+" },
  video_views: { ...events, service: "3+33+" },
  user_blocks: { ...closed, service: "1+11+" },
  import_cursors: { ...closed, service: "1+11+" },
  sync_cursors: { ...closed, service: "1+11+" },
  sync_sweeps: { ...closed, service: "1+11+" },
  sync_items: { ...closed, service: "1+11+" },
  sync_failures: { ...closed, service: "1+11+" },
  denied_videos: { ...closed, service: "1+11+" },
  video_popularity: { ...closed, service: "1+11+" },
  embedding_model_versions: { ...closed, service: "1+11+" },
  embedding_partitions: { ...closed, service: "1+11+" },
  jobs: { ...closed, service: "1+11+" },
  job_runs: { ...closed, service: "1+11+" },
  job_schedules: { ...closed, service: "6+66+" },
  job_alerts: { ...closed, service: "1+11+" },
  sync_leases: { ...closed, service: "1+11+" },
  sync_quotas: { ...closed, service: "1+11+" },
  tuning_studies: { ...closed, service: "1+11+" },
  tuning_trials: { ...closed, service: "1+11+" },
  feature_importance: { ...closed, service: "1+11+" },
  video_embeddings: { ...closed, service: "1+11+" },
  user_embeddings: { ...closed, service: "1+11+" },
  "video_embeddings (a partition)": { ...closed, service: "1+11+" },
  "user_embeddings (a partition)": { ...closed, service: "1+11+" },
  catalogue_items: { ...everybody("----x"), service: "4---x" },
  catalogue_events: { ...everybody("-xxxx"), service: "9xxxx" },
  futago_migrations: { ...closed, service: "-----" },
};
// Functions, all of them for service_role alone.
const functions = [
  "cast_changed",
  "create_embedding_partition",
  "deny_video",
  "drop_embedding_partition",
  "erase_person",
  "export_person",
  "keep_denied_out",
  "like_weight",
  "likes_deleted",
  "likes_inserted",
  "likes_updated",
  "lock_take_downs",
  "model_activated",
  "nearest_videos",
  "performers_changed",
  "person_history",
  "person_tables",
  "popular_videos",
  "seen_video_ids",
  "video_conditions",
  "video_rank",
];

const projects = testServers().flatMap(({ name, open }) =>
  [true, false].map((grantsByDefault) => ({
    name: `on ${name}, where a new table is granted to ${grantsByDefault ? "everybody" : "nobody"}`,
    open,
    grantsByDefault,
  })),
);

describe.each(projects)("the rights of Supabase's roles $name", ({ open, grantsByDefault }) => {
  let database: Database;
  let acting: ReturnType<typeof createActing>;
  beforeAll(async () => {
    const opened = await open();
    await createSupabasePlatform(opened.db, { grantsByDefault });
    database = await assembleDatabase(opened, {});
    await seedEverything(database);
    acting = createActing(database.connection);
  });
  afterAll(() => database.close());

  test("[RS1] every table, view and partition has an expectation", async () => {
    expect((await acting.relations()).map(({ label }) => label).sort()).toEqual(Object.keys(expected).sort());
  });

  test.each(Object.entries(expected))("[RS1] %s, from every side", async (label, outcomes) => {
    const relation = (await acting.relations()).find((each) => each.label === label);
    const found: Partial<Record<Actor, string>> = {};
    for (const actor of Object.keys(outcomes) as Actor[])
      found[actor] = await acting.tryAll(actor, relation!);
    if (process.env["DUMP"])
      console.log(
        "DUMP",
        grantsByDefault,
        label,
        JSON.stringify(found),
        JSON.stringify(found) === JSON.stringify(outcomes),
      );
    expect(found).toEqual(outcomes);
  });

  test("[RS1] no right goes beyond those that were tried", async () => {
    const { rows } = await sql`
      select r.rolname, c.relname, v.verb from pg_roles r, pg_class c,
        unnest(array['references', 'trigger', 'truncate', 'insert', 'update', 'delete']) with ordinality v (verb, n)
      where r.rolname in ('anon', 'authenticated', 'authenticator') and c.relnamespace = current_schema()::regnamespace
        and (c.relkind = 'v' or (c.relkind in ('r', 'p') and v.n <= 3)) and has_table_privilege(r.oid, c.oid, v.verb)
      union all
      select r.rolname, c.relname, v.verb from pg_roles r, pg_class c, unnest(array['usage', 'select', 'update']) v (verb)
      where r.rolname in ('anon', 'authenticated', 'authenticator') and c.relnamespace = current_schema()::regnamespace
        and c.relkind = 'S' and has_sequence_privilege(r.oid, c.oid, v.verb)`.execute(database.connection);
    expect(rows).toEqual([]);
  });

  test("[RS1] no function may be called but by the service", async () => {
    const all = await acting.functions();
    expect([...new Set(all.map(({ name }) => name))].sort()).toEqual(functions);
    for (const { call } of all) {
      for (const actor of ["authenticator", "anon", "minor", "adult"] as const) {
        expect([call, await acting.outcome(actor, sql.raw(`select ${call}`))]).toEqual([call, "-"]);
      }
      expect([call, await acting.outcome("service", sql.raw(`select ${call}`))]).not.toEqual([call, "-"]);
    }
  });

  test("[DB5] without a confirmed age there is no catalogue, and nobody confirms their own", async () => {
    expect(await acting.outcome("minor", sql`select from videos`)).toBe("0");
    const confirm = sql`update profiles set age_confirmed_at = now()`;
    expect(await acting.outcome("minor", confirm)).toBe("-");
    const born = sql`insert into profiles (user_id, age_confirmed_at) values (${person.stranger}, now())`;
    expect(await acting.outcome("stranger", born)).toBe("-");
    // Nor does a claim of the token: the profile decides.
    const claims = { age_confirmed: true, app_metadata: { age_confirmed: true }, role: "service_role" };
    expect(await acting.outcome("minor", sql`select from videos`, claims)).toBe("0");
  });

  test("[RS2] a viewer may open their own empty profile, and nobody else's", async () => {
    const open = (id: string) => sql`insert into profiles (user_id) values (${id})`;
    expect(await acting.outcome("stranger", open(person.stranger))).toBe("1");
    expect(await acting.outcome("adult", open(person.stranger))).toBe("c");
    const filled = sql`insert into profiles (user_id, attributes) values (${person.stranger}, '{"a": 1}')`;
    expect(await acting.outcome("stranger", filled)).toBe("-");
    // What they say they like goes through the service, which checks it.
    const taste = sql`update profiles set taste = '{"genres": ["sea"]}'`;
    expect(await acting.outcome("adult", taste)).toBe("-");
  });

  test("[RS3] a viewer writes their own events only", async () => {
    const like = (who: string, video = "open") =>
      sql`insert into likes (user_id, video_id) values (${who}, ${video})
        on conflict (user_id, video_id) do update set created_at = excluded.created_at`;
    expect(await acting.outcome("adult", like(person.adult))).toBe("1");
    expect(await acting.outcome("adult", like(person.other))).toBe("c");
    expect(await acting.outcome("adult", sql`update likes set user_id = ${person.other}`)).toBe("c");
    for (const table of ["likes", "user_video_decisions", "video_views"]) {
      const theirs = sql`delete from ${sql.table(table)} where user_id = ${person.other}`;
      expect(await acting.outcome("adult", theirs)).toBe("0");
    }
  });

  test("[RS4] an event of a video that a viewer may not see fails as one of a video that does not exist", async () => {
    const refusals = new Set<string>();
    for (const video of ["taken-down", "cast-out", "no-such-video"]) {
      for (const [table, columns] of [
        ["likes", ""],
        ["user_video_decisions", ", decision"],
        ["video_views", ""],
      ] as const) {
        const values = columns === "" ? sql`` : sql`, 'nope'`;
        const statement = sql`insert into ${sql.table(table)} (user_id, video_id${sql.raw(columns)})
          values (${person.adult}, ${video}${values})`;
        refusals.add((await acting.refusal("adult", statement)).replace(table, "TABLE"));
      }
    }
    expect([...refusals]).toEqual(['new row violates row-level security policy for table "TABLE"']);
  });

  test("[RS5] a viewer cannot date an event ahead, like and refuse one video, or watch forever", async () => {
    const liked = (at: string) =>
      sql`insert into likes (user_id, video_id, created_at) values (${person.adult}, 'open', ${at}::text::timestamptz)
        on conflict (user_id, video_id) do update set created_at = excluded.created_at`;
    for (const at of ["infinity", "-infinity", "2999-01-01", "1970-01-01"]) {
      expect([at, await acting.outcome("adult", liked(at))]).toEqual([at, "c"]);
    }
    const nope = sql`insert into user_video_decisions (user_id, video_id, decision) values (${person.adult}, 'open', 'nope')
      on conflict (user_id, video_id) do update set decision = 'nope'`;
    expect(await acting.outcome("adult", nope)).toBe("c");
    for (const seconds of ["NaN", "Infinity", "86401"]) {
      const watched = sql`insert into video_views (user_id, video_id, watch_seconds)
        values (${person.adult}, 'open', ${seconds}::text::double precision)`;
      expect([seconds, await acting.outcome("adult", watched)]).toEqual([seconds, "c"]);
    }
  });

  test("[RS6] popularity is counted with its owner's rights, and no temporary table stands in for it", async () => {
    const before = await acting.rows(
      "service",
      sql`select likes from video_popularity where video_id = 'open'`,
    );
    expect(before).toEqual([{ likes: 3 }]);
    const after = await acting.rows(
      "adult",
      sql`create temporary table video_popularity (video_id text primary key, likes integer, weight double precision)`,
      sql`delete from likes where user_id = ${person.adult}`,
      sql`select count(*)::int as caught from pg_temp.video_popularity`,
    );
    expect(after).toEqual([{ caught: 0 }]);
  });

  test("[RS7] a policy is answered from the index on user_id, and asks who it is once", async () => {
    const viewers = "from generate_series(1, 3000) i";
    const many = [
      sql`insert into profiles (user_id) select 'viewer ' || i ${sql.raw(viewers)}`,
      ...["likes (user_id, video_id)", "video_views (user_id, video_id)"].map(
        (columns) => sql`insert into ${sql.raw(columns)} select 'viewer ' || i, 'open' ${sql.raw(viewers)}`,
      ),
      sql`insert into user_video_decisions (user_id, video_id, decision)
        select 'viewer ' || i, 'open', 'nope' ${sql.raw(viewers)}`,
    ];
    for (const table of ["likes", "user_video_decisions", "video_views", "profiles"]) {
      const plan = await acting.rowsAfter(
        [...many, sql`analyze ${sql.table(table)}`],
        "adult",
        sql`explain select * from ${sql.table(table)}`,
      );
      const text = plan.map((line) => Object.values(line as object)[0]).join("\n");
      expect(text).toMatch(/InitPlan/);
      expect(text).toMatch(/Index Cond: \(user_id = /);
      expect(text).not.toMatch(/Seq Scan/);
    }
    // Nor is the age asked for at every video.
    const plan = await acting.rows("adult", sql`explain select * from videos`);
    expect(JSON.stringify(plan)).toMatch(/InitPlan/);
    expect(JSON.stringify(plan)).not.toMatch(/SubPlan/);
  });
});
