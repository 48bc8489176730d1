import { FutagoError } from "../base/mod.ts";

/**
 * A version is asked for that nobody registered.
 *
 * @param act What was to be done with it.
 * @param version Its name.
 * @returns FutagoError `not_found`.
 */
export function unregistered(act: string, version: string): FutagoError {
  return new FutagoError(
    "not_found",
    `Cannot ${act} version "${version}" as it must be registered: run futago models list to see which are`,
    { details: { version } },
  );
}

/**
 * A semantic version belongs to another version already.
 *
 * @param semanticVersion The one that was asked for.
 * @returns A RangeError.
 */
export function semanticVersionTaken(semanticVersion: string): RangeError {
  return new RangeError(
    `Cannot call a version "${semanticVersion}" as each has a semantic version of its own: choose another, or leave it to Futago`,
  );
}
