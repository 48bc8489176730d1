import { sql } from "kysely";
import type { PersonHistory } from "../../catalogue/mod.ts";
import type { Connection } from "./connection.ts";
import { type ItemRow, rowToItem } from "./item-row.ts";
import { type EventRow, type PersonRow, rowToEvent, rowToPerson } from "./row-types.ts";

interface HistoryRow extends PersonRow {
  readonly events: readonly EventRow[];
  readonly items: readonly ItemRow[];
}

/**
 * A person, their latest events and the items of those, in one round trip.
 *
 * @param db Where from.
 * @param query Whose, and how many events at most.
 * @returns Events newest last; undefined for nobody.
 */
export async function readHistory(
  db: Connection,
  query: { readonly personId: string; readonly limit: number },
): Promise<PersonHistory | undefined> {
  const { personId, limit } = query;
  if (!(Number.isInteger(limit) && limit >= 0)) {
    throw new RangeError(`Cannot read a history as limit must be a whole number: current value is ${limit}`);
  }
  // A function, so that the session keeps its plan: planning it anew costs as much as running it.
  const { rows } = await sql<HistoryRow>`
    select h.user_id, h.attributes, h.age, h.events, h.items, p.taste
    from person_history(${personId}, ${Math.min(limit, 2 ** 31 - 1)}) h join profiles p using (user_id)`.execute(
    db,
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    person: rowToPerson(row),
    events: row.events.map(rowToEvent),
    items: new Map(row.items.map((item) => [item.video_id, rowToItem(item)])),
  };
}
