/**
 * Catalogue coverage@k: the share of the candidates that is among somebody's first k. Of all viewers together, so
 * it has no value per viewer and no interval; it grows with their number.
 *
 * @param tops Each viewer's best items, best first.
 * @param options `k` items are looked at; `candidates` could have been recommended.
 * @returns 0 to 1.
 */
export function coverageAt(
  tops: Iterable<Int32Array>,
  options: { readonly k: number; readonly candidates: number },
): number {
  const shown = new Set<number>();
  for (const top of tops) for (const item of top.subarray(0, options.k)) shown.add(item);
  return shown.size / options.candidates;
}
