import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assembleDatabase, type Database } from "./database.ts";
import { openEmbedded } from "./open-embedded.ts";

// Roles belong to a whole server, so this is tried on PGlite alone, where the server is the test's own.
describe("the rights of Supabase's roles", () => {
  let database: Database;
  const as = async (role: string, user: string, query: ReturnType<typeof sql>): Promise<readonly unknown[]> =>
    database.connection.transaction().execute(async (trx) => {
      await sql`select set_config('test.user', ${user}, true)`.execute(trx);
      await sql`set local role ${sql.id(role)}`.execute(trx);
      return (await query.execute(trx)).rows;
    });

  beforeAll(async () => {
    const opened = await openEmbedded({ memory: true });
    for (const statement of [
      "create role anon",
      "create role authenticated",
      "create role service_role bypassrls",
      "create schema auth",
      "grant usage on schema auth to authenticated",
      "create function auth.uid() returns uuid language sql stable as $$ select current_setting('test.user')::uuid $$",
    ]) {
      await sql.raw(statement).execute(opened.db);
    }
    database = await assembleDatabase(opened, {});
    await database.catalogue.putBatch({
      items: [
        { id: "a", title: "a", fields: { tags: ["sea"], performers: ["Invented Name"] } },
        { id: "taken-down", title: "b", fields: { tags: ["hill"] }, withdrawn: true },
      ],
      people: [
        { id: adult, fields: {}, ageConfirmedAt: 1 },
        { id: unconfirmed, fields: {} },
      ],
      events: [
        { personId: adult, itemId: "a", kind: "like", at: 1 },
        { personId: unconfirmed, itemId: "a", kind: "like", at: 1 },
      ],
    });
  });
  afterAll(() => database.close());

  const adult = "00000000-0000-4000-8000-000000000001";
  const unconfirmed = "00000000-0000-4000-8000-000000000002";

  test("an adult sees the catalogue less what is withdrawn, and only their own likes", async () => {
    expect(await as("authenticated", adult, sql`select video_id from videos`)).toEqual([{ video_id: "a" }]);
    expect(await as("authenticated", adult, sql`select video_id from video_tags`)).toEqual([
      { video_id: "a" },
    ]);
    expect(await as("authenticated", adult, sql`select user_id from likes`)).toEqual([{ user_id: adult }]);
    await as("authenticated", adult, sql`delete from likes`);
    expect(await as("service_role", adult, sql`select user_id from likes`)).toEqual([
      { user_id: unconfirmed },
    ]);
    // The trigger that counts runs with its owner's rights.
    await as("authenticated", adult, sql`insert into likes (user_id, video_id) values (${adult}, 'a')`);
    expect(await as("service_role", adult, sql`select likes from video_popularity`)).toEqual([{ likes: 2 }]);
  });

  test("without a confirmed age there is no catalogue, and nobody confirms their own", async () => {
    expect(await as("authenticated", unconfirmed, sql`select video_id from videos`)).toEqual([]);
    expect(await as("authenticated", unconfirmed, sql`select name from performers`)).toEqual([]);
    const confirm = sql`update profiles set age_confirmed_at = now()`;
    await expect(as("authenticated", unconfirmed, confirm)).rejects.toThrow("permission denied");
  });

  test("nobody writes as another, reads vectors, or asks the functions", async () => {
    const forged = sql`insert into likes (user_id, video_id) values (${unconfirmed}, 'a')`;
    await expect(as("authenticated", adult, forged)).rejects.toThrow("row-level security");
    for (const query of [
      sql`select from user_embeddings`,
      sql`select from embedding_model_versions`,
      sql`select erase_person(${unconfirmed})`,
      sql`select popular_videos(1)`,
    ]) {
      await expect(as("authenticated", adult, query)).rejects.toThrow("permission denied");
    }
    for (const table of ["videos", "likes", "profiles"]) {
      const query = sql`select from ${sql.table(table)}`;
      await expect(as("anon", adult, query)).rejects.toThrow("permission denied");
    }
    expect(await as("service_role", adult, sql`select popular_videos(1)`)).toHaveLength(1);
  });
});
