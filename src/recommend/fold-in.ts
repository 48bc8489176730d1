/**
 * Presets whose vectors may be moved so. For towers that read the order of events the newest is what they are about (folded in, a
 * sequence tower lost a fifth), and of towers that came from elsewhere nobody has measured it.
 */
export const foldedPresets: ReadonlySet<string> = new Set(["standard", "lite"]);

/** How much one like moves a viewer's vector, of unit length, towards what was liked. */
const step = 0.05;

/**
 * A viewer's vector with what they liked since it was made, without the towers:
 *
 * ```
 * u' = (u + 0.05 Σ v) |u| / |u + 0.05 Σ v|      v: the vectors of what was liked since
 * ```
 *
 * Both towers end in one space, so that near `v` lies what is liked by those who like it. The step was chosen on validation viewers of
 * the demo data (`npm run bench -- fold-in`), of whom the last one or three events were held back: the towers themselves, given all events,
 * rank no better than this does by more than what chance makes of it, while the vector as it was ranks up to a quarter worse.
 *
 * @param user As it is stored.
 * @param liked Of the same width.
 * @returns A new vector, as long as the one before.
 */
export function foldIn(user: Float32Array, liked: Iterable<Float32Array>): Float32Array {
  const moved = user.slice();
  for (const item of liked) {
    for (let d = 0; d < moved.length; d++) moved[d]! += step * item[d]!;
  }
  const scale = lengthOf(user) / lengthOf(moved);
  return scale > 0 && Number.isFinite(scale) ? moved.map((x) => x * scale) : moved;
}

function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (const x of vector) sum += x * x;
  return Math.sqrt(sum);
}
