import type { Random } from "../base/mod.ts";

/** Batches among which rows of similar length are brought together. */
const sortedBatches = 16;

/**
 * One epoch: every viewer once, shuffled, in batches whose sizes differ by one at most, so that no small last batch
 * gets a full step.
 *
 * @param users Viewers with positives.
 * @param options Largest batch, and the epoch's own source of randomness. With `lengths` by viewer, batches hold viewers
 * of similar length, as rows are padded to the longest of a batch; which viewers meet and the order of batches stay drawn.
 * @returns Viewers by batch.
 */
export function batchOrder(
  users: Int32Array,
  options: { readonly batchUsers: number; readonly random: Random; readonly lengths?: Int32Array },
): readonly Int32Array[] {
  const { random, lengths } = options;
  const order = Int32Array.from(users);
  shuffle(order, random);
  const count = batchCount(users.length, options.batchUsers);
  const start = (batch: number): number => Math.floor((batch * order.length) / count);
  for (let b = 0; lengths !== undefined && b < count; b += sortedBatches) {
    const group = order.subarray(start(b), start(Math.min(count, b + sortedBatches)));
    group.sort((one, other) => lengths[one]! - lengths[other]!);
  }
  const batches = Array.from({ length: count }, (_, b) => order.subarray(start(b), start(b + 1)));
  if (lengths !== undefined) shuffle(batches, random);
  return batches;
}

function shuffle<T>(values: { [index: number]: T; readonly length: number }, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const swap = values[i]!;
    values[i] = values[j]!;
    values[j] = swap;
  }
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
