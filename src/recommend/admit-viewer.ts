import { FutagoError } from "../base/mod.ts";
import type { PersonHistory } from "../catalogue/mod.ts";

/**
 * The gate that everybody passes before they get anything: no recommendation without a confirmed age.
 *
 * @param personId Who.
 * @param history What is known of them; undefined for nobody.
 * @param ageConfirmed Whether their age is proven by other means than a profile.
 * @returns The history.
 * @throws FutagoError `age_not_confirmed`.
 */
export function admitViewer(
  personId: string,
  history: PersonHistory | undefined,
  ageConfirmed: boolean,
): PersonHistory {
  if (history?.person.ageConfirmedAt !== undefined) return history;
  // Somebody new, whose age is proven by other means than a profile.
  if (ageConfirmed) return history ?? { person: { id: personId, fields: {} }, events: [], items: new Map() };
  // The same words for unknown people, so that the answer does not tell who has a profile.
  throw new FutagoError(
    "age_not_confirmed",
    "Cannot recommend as the viewer's age must be confirmed: it is not; confirm it and ask again",
  );
}
