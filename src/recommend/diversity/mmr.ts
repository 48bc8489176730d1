import { type Gain, type Pool, similarity } from "./gain.ts";

/**
 * Maximal marginal relevance (Carbonell & Goldstein 1998, "The Use of MMR, Diversity-Based Reranking"), for greedy
 * selection: a candidate is worth its relevance less its likeness to the pick that is most like it.
 *
 * @param pool The candidates.
 * @param diversity 0-1; 1 − λ of the paper.
 * @returns The gain; before the first pick, relevance alone.
 */
export function mmrGain(pool: Pool, diversity: number): Gain {
  const { relevance } = pool;
  const nearest = new Float64Array(relevance.length).fill(Number.NEGATIVE_INFINITY);
  let picks = 0;
  return {
    // MMR_i = (1 − diversity) · r_i − diversity · max over picked j of s_ij
    of: (i) => (1 - diversity) * relevance[i]! - (picks === 0 ? 0 : diversity * nearest[i]!),
    picked: (j) => {
      picks++;
      for (let i = 0; i < nearest.length; i++) {
        const likeness = similarity(pool, i, j);
        if (likeness > nearest[i]!) nearest[i] = likeness;
      }
    },
  };
}
