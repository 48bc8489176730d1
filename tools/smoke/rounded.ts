/**
 * Numbers as text of six digits: engines differ in the last bit of Math.log and its kin (Node 24 and Deno 2.9 do).
 *
 * @param values Any numbers.
 * @returns One text each.
 */
export function rounded(values: Iterable<number>): string[] {
  return Array.from(values, (value) => (Math.abs(value) < 1e-6 ? "0" : value.toPrecision(6)));
}
