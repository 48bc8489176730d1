/**
 * The k largest, best first, by insertion into a short list: most items are refused by one comparison. Equal scores
 * come in the order of the items.
 *
 * @param scores One per item.
 * @param k How many.
 * @returns At most k items.
 */
export function topItems(scores: Float32Array, k: number): readonly number[] {
  const best: number[] = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    if (best.length === k && !(score > scores[best[k - 1]!]!)) continue;
    let at = best.length === k ? k - 1 : best.length;
    while (at > 0 && score > scores[best[at - 1]!]!) {
      best[at] = best[at - 1]!;
      at--;
    }
    best[at] = item;
  }
  return best;
}
