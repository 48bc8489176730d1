import { isFutagoError } from "../base/mod.ts";

/**
 * What may be kept and told of an error: a code of ours, or the name of its class. Never its message, into which a
 * database or a server may have put anything.
 *
 * @param error What was caught.
 * @returns For example `storage_failed` or `TypeError`.
 */
export function codeOfError(error: unknown): string {
  if (isFutagoError(error)) return error.code;
  return error instanceof Error && /^\w{1,60}$/.test(error.name) ? error.name : "unknown";
}
