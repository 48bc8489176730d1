import { sql } from "kysely";
import type { StudyFacts, StudyPlan, StudyStore, Trial } from "../../tuning/mod.ts";
import type { Connection } from "./connection.ts";
import { milliseconds } from "./sql-time.ts";
import { storableJson, storableText } from "./storable-json.ts";

/**
 * Studies of settings, in the tables `tuning_studies` and `tuning_trials`.
 *
 * @param db A migrated database.
 * @returns The store.
 */
export function createStudyStore(db: Connection): StudyStore {
  return {
    begin: async (name, plan) => {
      await sql`
        insert into tuning_studies (study, plan) values (${name}, ${storableJson(plan)}::text::jsonb)
        on conflict (study) do nothing`.execute(db);
      const { rows } = await sql<{ plan: StudyPlan }>`
        select plan from tuning_studies where study = ${name}`.execute(db);
      return rows[0]!.plan;
    },
    studies: async () => {
      const { rows } = await sql<StudyFacts>`
        select study as name, plan, (select count(*)::int from tuning_trials t where t.study = s.study) as trials,
          round(extract(epoch from created_at) * 1000)::float8 as "createdAt"
        from tuning_studies s order by created_at desc, study`.execute(db);
      return rows;
    },
    trials: async (name) => {
      const { rows } = await sql<Omit<Trial, "reason"> & { readonly reason: string | null }>`
        select trial as number, settings, state, to_jsonb(scores) as scores, curve, reason, seconds,
          memory_bytes as "memoryBytes"
        from tuning_trials where study = ${name} order by trial`.execute(db);
      return rows.map(({ reason, ...trial }) => ({ ...trial, ...(reason === null ? {} : { reason }) }));
    },
    save: async (name, { number, settings, state, scores, curve, reason, seconds, memoryBytes }) => {
      const json = (value: unknown) => sql`${storableJson(value)}::text::jsonb`;
      await sql`
        insert into tuning_trials
          (study, trial, settings, state, scores, curve, reason, seconds, memory_bytes, updated_at)
        values (${name}, ${number}, ${json(settings)}, ${state},
          array(select s::text::float8 from jsonb_array_elements(${json(scores)}) with ordinality as a(s, n) order by n),
          ${json(curve)}, ${reason === undefined ? null : storableText(reason)}, ${seconds}, ${memoryBytes}, now())
        on conflict (study, trial) do update set settings = excluded.settings, state = excluded.state,
          scores = excluded.scores, curve = excluded.curve, reason = excluded.reason, seconds = excluded.seconds,
          memory_bytes = excluded.memory_bytes, updated_at = excluded.updated_at`.execute(db);
    },
    lease: async (name, owner, lasting) => {
      const { rows } = await sql`
        update tuning_studies set owner = ${owner}, leased_until = now() + ${milliseconds(lasting)}
        where study = ${name} and (owner is null or owner = ${owner} or leased_until <= now())
        returning study`.execute(db);
      return rows.length > 0;
    },
    release: async (name, owner) => {
      await sql`update tuning_studies set owner = null, leased_until = null
        where study = ${name} and owner = ${owner}`.execute(db);
    },
    remove: async (name) => {
      const { rows } = await sql`delete from tuning_studies where study = ${name} returning study`.execute(
        db,
      );
      return rows.length > 0;
    },
  };
}
