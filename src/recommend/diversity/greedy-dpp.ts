import { type Gain, type Pool, similarity } from "./gain.ts";

/**
 * How much of a likeness counts: S_ij = 0.99 · s_ij besides S_ii = 1, so that the determinant of any choice is above 0,
 * even of more items than the vectors are wide, or of two that are equal.
 */
const likenessShare = 0.99;

/**
 * A determinantal point process, maximised greedily (Chen, Zhang & Zhou 2018, "Fast Greedy MAP Inference for Determinantal
 * Point Process to Improve Recommendation Diversity"): a choice Y is worth
 *
 *   (1 − diversity) · Σ over i in Y of r_i + diversity · log det S_Y        (eq. 10, with θ = 1 − diversity)
 *
 * log det S_Y is the log of the squared volume that the items of Y span: alike items span little.
 *
 * @param pool The candidates.
 * @param diversity 0-1.
 * @returns What each candidate adds to that sum.
 */
export function dppGain(pool: Pool, diversity: number): Gain {
  const { relevance } = pool;
  const n = relevance.length;
  // d_i² = det S_(Y ∪ i) / det S_Y, kept by Cholesky: row c_i of the factor grows by one entry with each pick (algorithm 1).
  const squared = new Float64Array(n).fill(1);
  const rows: Float64Array[] = [];
  return {
    of: (i) => (1 - diversity) * relevance[i]! + (diversity === 0 ? 0 : diversity * Math.log(squared[i]!)),
    picked: (j) => {
      // e_i = (S_ji − c_j · c_i) / d_j;  d_i² ← d_i² − e_i²
      const d = Math.sqrt(squared[j]!);
      const entries = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        if (i === j) continue;
        let projected = 0;
        for (const row of rows) projected += row[j]! * row[i]!;
        const e = (likenessShare * similarity(pool, i, j) - projected) / d;
        entries[i] = e;
        // What is left may round below what the share guarantees, 1 − 0.99.
        squared[i] = Math.max(1 - likenessShare, squared[i]! - e * e);
      }
      rows.push(entries);
    },
  };
}
