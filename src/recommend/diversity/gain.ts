/** What a re-ranker chooses from: the candidates of one answer. */
export interface Pool {
  /** How much each candidate is worth by itself, 0-1. */
  readonly relevance: Float64Array;
  /** candidates × dims, row-major, of unit length; a row of zeros is like nothing else. */
  readonly vectors: Float32Array;
  readonly dims: number;
}

/** What each candidate would add to what was picked so far. */
export interface Gain {
  /** Larger is better; comparable between candidates at one moment. */
  of(candidate: number): number;
  /** Takes note of a pick. */
  picked(candidate: number): void;
}

/**
 * Inner product of two candidates.
 *
 * @param pool Whose vectors.
 * @param a Candidate.
 * @param b Candidate.
 * @returns Their cosine, as the vectors have unit length.
 */
export function similarity({ vectors, dims }: Pool, a: number, b: number): number {
  let sum = 0;
  for (let d = 0, i = a * dims, j = b * dims; d < dims; d++) sum += vectors[i + d]! * vectors[j + d]!;
  return sum;
}
