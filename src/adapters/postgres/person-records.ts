import { sql } from "kysely";
import type { PersonExport, PersonRecords } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { storableText } from "./storable-json.ts";

/**
 * What is kept of people in Postgres. Which tables name people is found in the database's own catalogue, so that
 * none is forgotten: each that has a column `user_id`, or another that refers to `profiles`, in all its partitions.
 *
 * @param db Where.
 * @returns The records. Erasing is one transaction.
 */
export function createPersonRecords(db: Connection): PersonRecords {
  return Object.freeze<PersonRecords>({
    erase: async (personId: string) => {
      const { rows } = await sql<{ erased: boolean }>`
        select erase_person(${storableText(personId)}) as erased`.execute(db);
      return rows[0]?.erased === true;
    },
    export: async (personId: string) => {
      const { rows } = await sql<{ document: PersonExport | null }>`
        select export_person(${storableText(personId)}) as document`.execute(db);
      return rows[0]?.document ?? undefined;
    },
  });
}
