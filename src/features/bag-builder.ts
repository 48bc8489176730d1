import type { Csr } from "../base/mod.ts";

/** Collects sparse rows; grows by doubling, so that a push costs no allocation. */
export class BagBuilder {
  #offsets: Int32Array;
  #indices: Int32Array;
  #weights: Float32Array;
  #rows = 0;
  #entries = 0;

  /**
   * @param rows How many rows there will be at most.
   * @param perRow Entries expected per row; more are taken too.
   */
  constructor(rows: number, perRow = 1) {
    this.#offsets = new Int32Array(rows + 1);
    const capacity = Math.max(16, rows * perRow);
    this.#indices = new Int32Array(capacity);
    this.#weights = new Float32Array(capacity);
  }

  /** Adds an entry to the open row. */
  push(index: number, weight: number): void {
    const at = this.#entries;
    if (at === this.#indices.length) this.#grow();
    this.#indices[at] = index;
    this.#weights[at] = weight;
    this.#entries = at + 1;
  }

  /** Closes the open row, empty or not, and opens the next. */
  endRow(): void {
    this.#rows++;
    this.#offsets[this.#rows] = this.#entries;
  }

  /** The closed rows; the builder must not be used afterwards. */
  finish(): Csr {
    return {
      offsets: this.#offsets.subarray(0, this.#rows + 1),
      indices: this.#indices.slice(0, this.#entries),
      weights: this.#weights.slice(0, this.#entries),
    };
  }

  #grow(): void {
    const indices = new Int32Array(this.#indices.length * 2);
    indices.set(this.#indices);
    this.#indices = indices;
    const weights = new Float32Array(indices.length);
    weights.set(this.#weights);
    this.#weights = weights;
  }
}
