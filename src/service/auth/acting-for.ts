import { Problem } from "../problem.ts";
import type { Caller } from "./caller.ts";

/**
 * Whom a caller acts for: viewers for themselves alone, the application for whom it names.
 *
 * @param caller Who asks.
 * @param named The `user_id` of the body, if any.
 * @param path Where in the body that is, for the refusal.
 * @returns The person's id.
 * @throws Problem `forbidden` for another viewer's id, `invalid_request` where the application names nobody.
 */
export function personFor(caller: Caller, named: string | undefined, path = "user_id"): string {
  if (caller.kind === "viewer") {
    if (named === undefined || named === caller.personId) return caller.personId;
    throw new Problem(
      "forbidden",
      `Cannot act for another viewer: ${path} must be the caller's own; leave it out`,
    );
  }
  if (named !== undefined) return named;
  const expected = "a user id, as the caller is no viewer";
  throw new Problem(
    "invalid_request",
    `Cannot read the request as ${path} must be ${expected}: current value is nothing`,
    { issues: [{ path, expected, received: "nothing" }] },
  );
}

/**
 * What the engine is told of a viewer's age: a proof that came with the request, or nothing, so that the profile decides.
 *
 * @param caller Who asks.
 * @returns Options to spread.
 */
export function ageProofOf(caller: Caller): { readonly ageConfirmed?: true } {
  return caller.kind === "viewer" && caller.ageConfirmed ? { ageConfirmed: true } : {};
}
