/**
 * Sparse rows in compressed form: row `r` holds entries `offsets[r] .. offsets[r + 1]` of `indices` and `weights`.
 */
export interface Csr {
  /** rows + 1 ascending positions. */
  readonly offsets: Int32Array;
  /** Column of each entry. */
  readonly indices: Int32Array;
  /** Weight of each entry. */
  readonly weights: Float32Array;
}
