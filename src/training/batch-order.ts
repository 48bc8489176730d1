import type { Random } from "../base/random.ts";

/**
 * One epoch: every viewer once, shuffled, in batches whose sizes differ by one at most, so that no small last batch
 * gets a full step.
 *
 * @param users Viewers with positives.
 * @param options Largest batch, and the epoch's own source of randomness.
 * @returns Viewers by batch.
 */
export function batchOrder(
  users: Int32Array,
  options: { readonly batchUsers: number; readonly random: Random },
): readonly Int32Array[] {
  const order = Int32Array.from(users);
  for (let i = order.length - 1; i > 0; i--) {
    const j = options.random.integer(i + 1);
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  const count = batchCount(users.length, options.batchUsers);
  return Array.from({ length: count }, (_, b) =>
    order.subarray(Math.floor((b * order.length) / count), Math.floor(((b + 1) * order.length) / count)),
  );
}

/**
 * Steps of one epoch.
 *
 * @param users How many viewers.
 * @param batchUsers Largest batch.
 * @returns At least 1 where there are viewers.
 */
export function batchCount(users: number, batchUsers: number): number {
  return Math.ceil(users / batchUsers);
}
