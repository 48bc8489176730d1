import { type RawBuilder, sql } from "kysely";
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";

/**
 * Who asks: PostgREST before it became anybody, a caller without a token, a token without a person, a person without a
 * profile, one without a confirmed age, one with, and the service.
 */
export type Actor = "authenticator" | "anon" | "nobody" | "stranger" | "minor" | "adult" | "service";

/** Ids as Supabase gives them. */
export const person = {
  adult: "00000000-0000-4000-8000-000000000001",
  minor: "00000000-0000-4000-8000-000000000002",
  other: "00000000-0000-4000-8000-000000000003",
  stranger: "00000000-0000-4000-8000-000000000004",
} as const;

const actors: Readonly<Record<Actor, { readonly role: string; readonly sub?: string }>> = {
  authenticator: { role: "authenticator" },
  anon: { role: "anon" },
  nobody: { role: "authenticated" },
  stranger: { role: "authenticated", sub: person.stranger },
  minor: { role: "authenticated", sub: person.minor },
  adult: { role: "authenticated", sub: person.adult },
  service: { role: "service_role" },
};

/** A table, view or partition, and what tests call it. */
export interface Relation {
  readonly label: string;
  readonly name: string;
  readonly key: string;
}

type Statement = RawBuilder<unknown>;

/**
 * Puts rows into every table: three viewers with an event of each kind, of whom one is without a confirmed age; two videos
 * that may be seen, one that was taken down, and one with a performer who was.
 *
 * @param database A migrated, empty database.
 */
export async function seedEverything(database: Database): Promise<void> {
  const { catalogue, vectors, connection } = database;
  const people = [person.adult, person.minor, person.other];
  await catalogue.putBatch({
    items: [
      { id: "open", title: "a", fields: { tags: ["sea"], performers: ["Invented Name"] } },
      { id: "quiet", title: "d", fields: {} },
      { id: "taken-down", title: "b", fields: { tags: ["hill"] }, withdrawn: true },
      { id: "cast-out", title: "c", fields: { performers: ["Another Invented Name"] } },
    ],
    people: people.map((id) => ({ id, fields: {}, ...(id === person.minor ? {} : { ageConfirmedAt: 1 }) })),
    events: people.flatMap((personId) => [
      { personId, itemId: "open", kind: "like" as const, at: 1e12 },
      { personId, itemId: "cast-out", kind: "nope" as const, at: 1e12 },
      { personId, itemId: "open", kind: "view" as const, at: 1e12 },
    ]),
  });
  // What the adult refused can still be seen.
  await sql`update user_video_decisions set video_id = 'quiet' where user_id = ${person.adult}`.execute(
    connection,
  );
  await sql`update performers set withdrawn = true where name = 'Another Invented Name'`.execute(connection);
  for (const statement of [
    sql`insert into user_blocks (user_id, makers, performers) values (${person.adult}, '{}', '{}')`,
    sql`insert into import_cursors (source, lines) values ('files', '{}')`,
    sql`insert into embedding_model_versions (version, semantic_version, dims, preset, manifest_hash)
      values ('v1', '1.0.0', 2, 'lite', '')`,
    sql`insert into jobs (kind) values ('integrity')`,
    sql`insert into job_runs (job_id, attempt, kind, worker, outcome, started_at, finished_at)
      select id, 1, kind, 'w', 'done', now(), now() from jobs`,
    sql`insert into sync_leases (source, owner, expires_at) values ('dmm', 'o', now())`,
    sql`insert into sync_quotas (source) values ('dmm')`,
    sql`insert into job_alerts (destination, name, text, broken) values ('slack', 'integrity', '', true)`,
    sql`insert into sync_cursors (source, mode, cursor) values ('shop', 'full', '{}')`,
    sql`insert into sync_sweeps (source, partition, sweep) values ('shop', 'all', 1)`,
    sql`insert into sync_items (source, video_id, seen_sweep) values ('shop', 'open', 1)`,
    sql`insert into sync_failures (source, item_id, stage, reason) values ('shop', 'odd', 'read', '')`,
    sql`insert into denied_videos (video_id) values ('denied')`,
    sql`insert into tuning_studies (study, plan) values ('first', '{}')`,
    sql`insert into tuning_trials (study, trial, settings, state) values ('first', 0, '{}', 'waiting')`,
    sql`insert into feature_importance values ('v1', 'genres', 1)`,
  ]) {
    await statement.execute(connection);
  }
  await vectors.createPartition("v1", 2);
  const batch = { vectors: Float32Array.of(1, 0), contentHashes: [""] };
  await vectors.putItemVectors("v1", { ids: ["open"], ...batch });
  await vectors.putUserVectors("v1", { ids: [person.adult], ...batch });
}

/**
 * Statements as PostgREST sends them: in a transaction with the role and the claims of the token set for it alone.
 * Nothing of them stays.
 *
 * @param db A migrated database with Supabase's roles; a user who may become any of them.
 * @returns Ways to try something as somebody.
 */
export function createActing(db: Connection) {
  const rows = async (
    actor: Actor,
    statements: readonly Statement[],
    { claims = {}, before = [] }: { readonly claims?: object; readonly before?: readonly Statement[] } = {},
  ): Promise<{ readonly rows: readonly unknown[]; readonly touched: number }> => {
    const { role, sub } = actors[actor];
    let result = { rows: [] as readonly unknown[], touched: 0 };
    const undone = new Error("undone");
    try {
      await db.transaction().execute(async (trx) => {
        for (const statement of before) await statement.execute(trx);
        const token = JSON.stringify({ role, ...(sub === undefined ? {} : { sub }), ...claims });
        await sql`select set_config('request.jwt.claims', ${token}, true)`.execute(trx);
        await sql`set local role ${sql.id(role)}`.execute(trx);
        for (const statement of statements) {
          const { rows: found, numAffectedRows } = await statement.execute(trx);
          result = { rows: found, touched: found.length || Number(numAffectedRows ?? 0) };
        }
        throw undone;
      });
    } catch (error) {
      if (error !== undone) throw error;
    }
    return result;
  };

  const outcome = async (actor: Actor, statement: Statement, claims: object = {}): Promise<string> => {
    try {
      return String((await rows(actor, [statement], { claims })).touched);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === "55000" || code === "42809") return "x";
      if (code !== "42501") return "+";
      return message.includes("row-level security") ? "c" : "-";
    }
  };

  return {
    /** What the last of some statements gives. */
    rows: async (actor: Actor, ...statements: readonly Statement[]) => (await rows(actor, statements)).rows,
    /** The same, after what the owner did before. */
    rowsAfter: async (before: readonly Statement[], actor: Actor, statement: Statement) =>
      (await rows(actor, [statement], { before })).rows,
    /** What becomes of one: a digit, the rows it touched; `-` no right to; `c` the row is refused;
     * `x` a view has nothing to write to; `+` nothing but another error. */
    outcome,
    /** With what words it is refused; "" where it is not. */
    refusal: async (actor: Actor, statement: Statement): Promise<string> => {
      const refused = await rows(actor, [statement]).then(
        () => "",
        (error: Error) => error.message,
      );
      return refused;
    },
    /** Each verb on a whole relation. */
    tryAll: async (actor: Actor, { name, key }: Relation): Promise<string> => {
      const table = sql.table(name);
      const column = sql.ref(key);
      let outcomes = "";
      for (const statement of [
        sql`select ${column} from ${table}`,
        sql`insert into ${table} default values`,
        sql`update ${table} set ${column} = ${column}`,
        sql`delete from ${table}`,
      ]) {
        outcomes += await outcome(actor, statement);
      }
      // No row is counted, and one that another table refers to keeps the owner from it too.
      return outcomes + (await outcome(actor, sql`truncate ${table}`)).replace("0", "+");
    },
    /** Every table, view and partition there is. */
    relations: async (): Promise<readonly Relation[]> => {
      const { rows: found } = await sql<{ name: string; parent: string | null; key: string }>`
        select c.relname::text as name, (select i.inhparent::regclass::text from pg_inherits i
            where i.inhrelid = c.oid) as parent,
          (select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum = 1) as key
        from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')`.execute(
        db,
      );
      return found.map(({ name, parent, key }) => ({
        label: parent === null ? name : `${parent} (a partition)`,
        name,
        key,
      }));
    },
    /** Every function there is, and a call of it with nulls. */
    functions: async () => {
      const { rows: found } = await sql<{ name: string; call: string }>`
        select p.proname::text as name, format('%I(%s)', p.proname, (select string_agg('null::' || format_type(t, null), ', ')
          from unnest(p.proargtypes::oid[]) t)) as call
        from pg_proc p where p.pronamespace = current_schema()::regnamespace and not exists (
          select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`.execute(
        db,
      );
      return found;
    },
  };
}
