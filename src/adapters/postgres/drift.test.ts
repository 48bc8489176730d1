import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assembleDatabase, type Database } from "./database.ts";
import { checkDrift, type DriftIssue, describeDatabase, readSchemaDescription } from "./drift.ts";
import { createSupabasePlatform, testServers } from "./fresh-database.conformance.ts";
import { openEmbedded } from "./open-embedded.ts";

describe.each(testServers())("checkDrift() on $name", ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    const opened = await open();
    await createSupabasePlatform(opened.db);
    database = await assembleDatabase(opened, { indexFromRows: 1 });
    await database.vectors.createPartition("v1", 2);
    await database.catalogue.putItems([{ id: "a", title: "", fields: {} }]);
    await database.vectors.putItemVectors("v1", {
      ids: ["a"],
      vectors: Float32Array.of(1, 0),
      contentHashes: [""],
    });
    await database.vectors.buildIndex("v1");
  });
  afterAll(() => database.close());

  /** Issues after some statements, which are undone. */
  const issuesAfter = async (...statements: readonly string[]): Promise<readonly DriftIssue[]> => {
    let issues: readonly DriftIssue[] = [];
    const undone = new Error("undone");
    await database.connection
      .transaction()
      .execute(async (trx) => {
        for (const statement of statements) await sql.raw(statement).execute(trx);
        issues = await checkDrift(trx);
        throw undone;
      })
      .catch((error: unknown) => {
        if (error !== undone) throw error;
      });
    return issues;
  };

  test("[MG5] supabase/schema.json is what the migrations make: node tools/describe-schema.ts writes it", async () => {
    expect(await describeDatabase(database.connection)).toEqual(await readSchemaDescription());
    expect(await checkDrift(database.connection)).toEqual([]);
  });

  test.each([
    ["a table that is gone", "drop table user_blocks", "table", "user_blocks"],
    ["a table without row security", "alter table likes disable row level security", "table", "likes"],
    ["a column that is gone", "alter table videos drop column series cascade", "column", "videos.series"],
    [
      "a column of another type",
      "alter table import_cursors alter updated_at type timestamp",
      "column",
      "import_cursors.updated_at",
    ],
    ["a column that may be null", "alter table videos alter title drop not null", "column", "videos.title"],
    [
      "a default that is gone",
      "alter table videos alter attributes drop default",
      "column",
      "videos.attributes",
    ],
    ["an index that is gone", "drop index likes_video_id", "index", "likes.likes_video_id"],
    [
      "a constraint that is gone",
      "alter table likes drop constraint likes_video_id_fkey",
      "constraint",
      "likes.likes_video_id_fkey",
    ],
    [
      "a policy that says something else",
      "alter policy own_rows on likes using (true)",
      "policy",
      "likes.own_rows",
    ],
    ["a policy that is gone", "drop policy own_rows on video_views", "policy", "video_views.own_rows"],
    [
      "a policy too many",
      "create policy open on user_embeddings for select using (true)",
      "policy",
      "user_embeddings.open",
    ],
    ["a grant too many", "grant select on user_embeddings to anon", "grant", "user_embeddings.anon"],
    [
      "a grant on a column",
      "grant update (age_confirmed_at) on profiles to authenticated",
      "grant",
      "profiles.authenticated",
    ],
    ["a grant that is gone", "revoke select on videos from authenticated", "grant", "videos.authenticated"],
    [
      "a function for everybody",
      "grant execute on function erase_person(text) to public",
      "grant",
      "erase_person(text).public",
    ],
    [
      "a function with another body",
      "create or replace function like_weight(p_at timestamptz) returns double precision language sql immutable as $$ select 1::double precision $$",
      "function",
      "like_weight(timestamp with time zone)",
    ],
    [
      "a second function of the name",
      "create function erase_person(p integer) returns boolean language sql as $$ select true $$",
      "function",
      "erase_person(integer)",
    ],
    ["a trigger that is gone", "drop trigger likes_inserted on likes", "trigger", "likes.likes_inserted"],
    [
      "a trigger that is off",
      "alter table likes disable trigger likes_inserted",
      "trigger",
      "likes.likes_inserted",
    ],
    [
      "a view with its owner's rights",
      "alter view catalogue_events set (security_invoker = false)",
      "view",
      "catalogue_events",
    ],
  ])("[MG6] tells of %s", async (_name, statement, kind, object) => {
    const issues = await issuesAfter(statement);
    expect(issues).toContainEqual(expect.objectContaining({ kind, object, mend: expect.any(String) }));
    for (const issue of issues) expect(issue.expected).not.toEqual(issue.received);
  });

  test("[MG6] what is too many goes by the statement that the issue gives", async () => {
    const faults = [
      "create policy open on user_embeddings for select using (true)",
      "grant select on user_embeddings to anon",
      "grant execute on function like_weight(timestamptz) to public",
      "alter table likes add constraint late check (created_at > '2000-01-01')",
    ];
    const issues = await issuesAfter(...faults);
    expect(issues.map(({ kind }) => kind).sort()).toEqual(["constraint", "grant", "grant", "policy"]);
    const mends = issues.map(({ mend }) => mend.replace("take it away: ", ""));
    expect(await issuesAfter(...faults, ...mends)).toEqual([]);
  });

  test("[MG6] what is missing or changed comes back when the migrations run again", async () => {
    const { connection } = database;
    for (const statement of [
      "drop policy own_rows on video_views",
      "revoke all on videos from authenticated",
      "drop function erase_person(text)",
      "drop trigger likes_inserted on likes",
      "drop view catalogue_events",
      "alter table likes disable row level security",
      "drop index likes_video_id",
    ]) {
      await sql.raw(statement).execute(connection);
    }
    expect((await checkDrift(connection)).length).toBeGreaterThan(0);
    await database.migrate({ again: true });
    expect(await checkDrift(connection)).toEqual([]);
  });

  test("[MG6] what you add of your own is yours", async () => {
    const own = [
      "create table mine (id integer primary key)",
      "grant select on mine to anon",
      "create function mine() returns integer language sql as $$ select 1 $$",
      "alter table videos add column note text",
      "create index videos_maker on videos (maker)",
    ];
    expect(await issuesAfter(...own)).toEqual([]);
  });

  test("[MG7] tells of a partition without its index, open, detached, or in no list", async () => {
    const { rows } = await sql<{
      videos_table: string;
    }>`select videos_table from embedding_partitions`.execute(database.connection);
    const table = rows[0]!.videos_table;
    const issues = async (statement: string) =>
      (await issuesAfter(statement)).map(({ kind, object, received }) => [kind, object, received]);
    expect(await issues(`drop index ${table}_hnsw`)).toEqual([["partition", table, "no valid HNSW index"]]);
    expect(await issues(`alter table ${table} disable row level security`)).toEqual([
      ["partition", table, "no row security"],
    ]);
    expect(await issues(`grant select on ${table} to anon`)).toEqual([["partition", table, "open to anon"]]);
    expect(await issues(`alter table video_embeddings detach partition ${table}`)).toContainEqual([
      "partition",
      table,
      "not attached",
    ]);
    expect(await issues("delete from embedding_partitions")).toContainEqual(["partition", table, "no row"]);
  });
});

test("[MG6] where the server has none of Supabase's roles, nothing is expected of them", async () => {
  const database = await assembleDatabase(await openEmbedded({ memory: true }), {});
  expect(await checkDrift(database.connection)).toEqual([]);
  await database.close();
});
