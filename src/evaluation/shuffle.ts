import type { Random } from "../base/mod.ts";

/**
 * The numbers 0 to `length - 1` in random order (Fisher & Yates).
 *
 * @param length How many.
 * @param random Where the order comes from.
 * @returns Each number once.
 */
export function shuffled(length: number, random: Random): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
