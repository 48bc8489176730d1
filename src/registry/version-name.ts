/**
 * The next free version name of a day: `2026.11.20-1`, `2026.11.20-2`, …
 *
 * @param existing Names already taken, in any order; other days' names do not matter.
 * @param now Milliseconds since 1970; the day is taken in UTC, so that two machines agree on it.
 * @returns A name that sorts after every earlier day's.
 */
export function nextVersionName(existing: readonly string[], now: number): string {
  const day = versionDay(now);
  let highest = 0;
  for (const name of existing) {
    const parsed = /^(\d{4}\.\d{2}\.\d{2})-(\d+)$/.exec(name);
    if (parsed?.[1] === day) highest = Math.max(highest, Number(parsed[2]));
  }
  return `${day}-${highest + 1}`;
}

/**
 * The day part of a version name.
 *
 * @param at Milliseconds since 1970.
 * @returns For example `2026.11.20`, in UTC.
 */
export function versionDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll("-", ".");
}

/**
 * Whether a text may be a version's name: it becomes part of a path and of a table's name.
 *
 * @param name What a caller gave.
 * @returns True for letters, digits, dots, dashes and underscores, 1-64 of them, not starting with a dot.
 */
export function isVersionName(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(name);
}
