import { sql } from "kysely";
import type { Person } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import type { Written } from "./put-items.ts";
import { storableJson } from "./storable-json.ts";

/**
 * Upserts people.
 *
 * @param db Where to.
 * @param people Each id once.
 * @param options `keepKnown` leaves those alone of whom there is a row already.
 * @returns What was written; the rest was as it is, or was left.
 */
export async function putPeople(
  db: Connection,
  people: readonly Person[],
  options: { readonly keepKnown: boolean },
): Promise<Written> {
  const rows = storableJson(
    people.map((person) => ({ id: person.id, fields: person.fields, age: person.ageConfirmedAt ?? null })),
  );
  const { rows: counts } = await sql<Written>`
    with written as (
      insert into profiles (user_id, attributes, age_confirmed_at)
      select id, fields, to_timestamp(age / 1000)
      from jsonb_to_recordset(${rows}::text::jsonb) as i(id text, fields jsonb, age double precision)
      order by id collate "C"
      on conflict (user_id) do update set
        attributes = excluded.attributes, age_confirmed_at = excluded.age_confirmed_at, updated_at = now()
      where not ${options.keepKnown}::boolean
        and (profiles.attributes, profiles.age_confirmed_at)
          is distinct from (excluded.attributes, excluded.age_confirmed_at)
      returning xmax = 0 as fresh
    )
    select count(*) filter (where fresh)::int as inserted, count(*) filter (where not fresh)::int as updated
    from written`.execute(db);
  return counts[0]!;
}
