/** What a new version is next to the latest: `major` where its inputs or vectors differ, `minor` where it was trained anew. */
export type SemanticBump = "major" | "minor" | "patch";

const form = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/**
 * Whether a text is a semantic version of three numbers.
 *
 * @param text For example `1.4.0`.
 * @returns True for that form alone: no label, no leading zeros.
 */
export function isSemanticVersion(text: string): boolean {
  return form.test(text);
}

/**
 * The semantic version after the highest of those that exist.
 *
 * @param existing In any order; what is no semantic version does not count.
 * @param bump Which part goes up.
 * @returns `1.0.0` where there is none.
 *
 * @example
 * ```ts
 * import { nextSemanticVersion } from "futago";
 * nextSemanticVersion(["1.9.3", "1.10.0"], "minor"); // "1.11.0"
 * nextSemanticVersion([], "patch"); // "1.0.0"
 * ```
 */
export function nextSemanticVersion(existing: readonly string[], bump: SemanticBump): string {
  const highest = existing.filter(isSemanticVersion).sort(compareSemanticVersions).at(-1);
  if (highest === undefined) return "1.0.0";
  const [major, minor, patch] = parts(highest);
  if (bump === "major") return `${major + 1}.0.0`;
  return bump === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

/**
 * Orders semantic versions by their numbers.
 *
 * @param a One.
 * @param b Another.
 * @returns Below 0 where `a` comes first.
 */
export function compareSemanticVersions(a: string, b: string): number {
  const [one, other] = [parts(a), parts(b)];
  const at = one.findIndex((part, i) => part !== other[i]);
  return at < 0 ? 0 : one[at]! - other[at]!;
}

function parts(version: string): [number, number, number] {
  const [, major, minor, patch] = form.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}
