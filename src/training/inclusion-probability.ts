import type { Csr } from "../base/mod.ts";

/** What the shared candidate set of a step is drawn by. */
export interface InclusionOptions {
  /** Viewers with positives; a batch is drawn from them without replacement. */
  readonly users: Int32Array;
  /** Viewers per batch. */
  readonly batchUsers: number;
  /** Most positives of one viewer that enter the set. */
  readonly maxPositives: number;
  /** Probability of each item in one draw of a negative. */
  readonly proposal: Float64Array;
  /** Negatives drawn, with replacement. */
  readonly draws: number;
}

/**
 * The chance that an item gets into a step's candidates through anyone but the viewer who is scored:
 *
 * π_j = 1 - (1 - b_j)(1 - s_j), with s_j = 1 - (1 - q_j)^m for m draws from q, and b_j = 1 - Π_v (1 - ρ c_v) over the
 * viewers v who have j among their positives, ρ = (B - 1)/(N - 1) the chance that v shares the batch and
 * c_v = min(1, cap/|P_v|) the chance that j is among those v brings. The product treats viewers as independent, which
 * errs by O(1/N).
 *
 * @param positives Rows are people, columns items.
 * @param options How candidates are drawn.
 * @returns One probability per item, in (0, 1] where the item can be drawn at all.
 */
export function inclusionProbability(positives: Csr, options: InclusionOptions): Float64Array {
  const { users, proposal, draws } = options;
  const together = users.length > 1 ? Math.min(1, (options.batchUsers - 1) / (users.length - 1)) : 0;
  const logAbsent = new Float64Array(proposal.length);
  for (const user of users) {
    const from = positives.offsets[user]!;
    const to = positives.offsets[user + 1]!;
    const log = Math.log1p(-together * ownInclusion(to - from, options.maxPositives));
    for (let e = from; e < to; e++) logAbsent[positives.indices[e]!]! += log;
  }
  return Float64Array.from(proposal, (q, j) => -Math.expm1(logAbsent[j]! + draws * Math.log1p(-q)));
}

/**
 * The chance that a viewer in the batch brings one given positive of theirs: min(1, cap / count).
 *
 * @param count Positives of the viewer.
 * @param maxPositives The cap.
 * @returns From 0 (excluded) to 1.
 */
export function ownInclusion(count: number, maxPositives: number): number {
  return count === 0 ? 0 : Math.min(1, maxPositives / count);
}
