import type { Random } from "../base/mod.ts";

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

/** Fewer viewers than this make a noisy step. */
const leastBatch = 32;

/**
 * The batch for a number of viewers: small enough for the steps an epoch should have.
 *
 * @param users How many viewers.
 * @param options The largest batch, and the steps of an epoch.
 * @returns At most `batchUsers`, at least 32 where that allows.
 */
export function fittingBatch(
  users: number,
  options: { readonly batchUsers: number; readonly stepsPerEpoch: number },
): number {
  return Math.min(options.batchUsers, Math.max(leastBatch, Math.ceil(users / options.stepsPerEpoch)));
}
