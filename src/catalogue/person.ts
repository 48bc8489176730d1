import type { Fields } from "./item.ts";

/**
 * What somebody said they like, before they liked anything: values by the item field that holds them, such as
 * `{ genres: ["harbour"], maker: ["North Pier"], performers: ["Mika Example"] }`.
 */
export type Taste = Readonly<Record<string, readonly string[]>>;

/** A viewer, by a pseudonymous id: never a name, an address or an account number. */
export interface Person {
  /** At most 200 characters. */
  readonly id: string;
  /** Optional facts: `ageRange`, `region`, and what the catalogue's owner declares. */
  readonly fields: Fields;
  /** When this person's age was confirmed, in milliseconds since 1970; absent: no recommendations, in any path. */
  readonly ageConfirmedAt?: number;
  /** What they said they like; kept by `CatalogueStore.declare` alone, and by no import. */
  readonly taste?: Taste;
}
