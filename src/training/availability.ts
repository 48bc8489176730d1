import type { Csr } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";

/** When items came to be, and when they were taken: milliseconds since 1970. */
export interface Availability {
  /** By item: released, or first seen in an event where that is earlier or all that is known; -∞ where nothing is known. */
  readonly since: Float64Array;
  /** By entry of the positives: the last event of that viewer with that item. */
  readonly takenAt: Float64Array;
}

/**
 * Reads when each item could be taken, and when each positive was.
 *
 * @param dataset Events in order of time.
 * @param positives One row per person of the dataset.
 * @returns Times.
 */
export function readAvailability(dataset: Dataset, positives: Csr): Availability {
  const { item, at } = dataset.events;
  const since = Float64Array.from(dataset.items, ({ releasedAt }) => releasedAt ?? Number.POSITIVE_INFINITY);
  for (const [e, i] of item.entries()) since[i] = Math.min(since[i]!, at[e]!);
  for (const [i, time] of since.entries()) {
    if (time === Number.POSITIVE_INFINITY) since[i] = Number.NEGATIVE_INFINITY;
  }
  const takenAt = new Float64Array(positives.indices.length);
  for (let p = 0; p < dataset.people.length; p++) {
    const last = new Map<number, number>();
    for (let e = dataset.offsets[p]!; e < dataset.offsets[p + 1]!; e++) {
      last.set(item[e]!, Math.max(last.get(item[e]!) ?? Number.NEGATIVE_INFINITY, at[e]!));
    }
    for (let e = positives.offsets[p]!; e < positives.offsets[p + 1]!; e++) {
      takenAt[e] = last.get(positives.indices[e]!)!;
    }
  }
  return { since, takenAt };
}
