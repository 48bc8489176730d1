import {
  type CatalogueEvent,
  eventKinds,
  type Fields,
  type Person,
  type Taste,
} from "../../catalogue/mod.ts";

/** A row of `profiles`. */
export interface PersonRow {
  readonly user_id: string;
  readonly attributes: Fields;
  /** Milliseconds since 1970. */
  readonly age: number | null;
  readonly taste: Taste | null;
}

/** A row of the view `catalogue_events`. */
export interface EventRow {
  readonly user_id: string;
  readonly video_id: string;
  readonly kind: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly watch_fraction: number | null;
  readonly watch_seconds: number | null;
}

/** The person of a row. */
export function rowToPerson(row: PersonRow): Person {
  return {
    id: row.user_id,
    fields: row.attributes,
    ...(row.age === null ? {} : { ageConfirmedAt: row.age }),
    ...(row.taste === null ? {} : { taste: row.taste }),
  };
}

/** The event of a row. */
export function rowToEvent(row: EventRow): CatalogueEvent {
  return {
    personId: row.user_id,
    itemId: row.video_id,
    kind: eventKinds[row.kind]!,
    at: row.at,
    ...(row.watch_fraction === null ? {} : { watchFraction: row.watch_fraction }),
    ...(row.watch_seconds === null ? {} : { watchSeconds: row.watch_seconds }),
  };
}
