import type { Preferences } from "./positives.ts";

/** Takes an item out of a denominator: e^-1e9 is 0, and unlike -∞ it leaves gradients finite. */
export const removed = -1e9;

/** What one step scores. */
export interface CandidateBatch {
  /** Items, ascending. */
  readonly items: Int32Array;
  /** viewers × items: what each positive counts, 0 elsewhere. */
  readonly targets: Float32Array;
  /** viewers × items, added to the logits of the denominator: logQ correction, removals; absent where all zero. */
  readonly offset: Float32Array | undefined;
}

/**
 * Visits the entries of one row of a sparse matrix.
 *
 * @param offsets Where rows begin.
 * @param row Which.
 * @param visit Called with each entry's position.
 */
export function forRow(offsets: Int32Array, row: number, visit: (entry: number) => void): void {
  for (let e = offsets[row]!; e < offsets[row + 1]!; e++) visit(e);
}

/** Two viewers × items matrices over a changing set of items; buffers are kept from step to step. */
export class CandidateGrid {
  private items: Int32Array = new Int32Array(0);
  private readonly column: Int32Array;
  private readonly hasOffset: boolean;
  private targets = new Float32Array(0);
  private offset = new Float32Array(0);
  private size = 0;

  constructor(catalogue: number, hasOffset: boolean) {
    this.column = new Int32Array(catalogue).fill(-1);
    this.hasOffset = hasOffset;
  }

  setItems(items: Int32Array): void {
    for (const j of this.items) this.column[j] = -1;
    this.items = items;
    for (const [at, j] of items.entries()) this.column[j] = at;
  }

  clear(rows: number): void {
    this.size = rows * this.items.length;
    if (this.targets.length < this.size) this.targets = new Float32Array(this.size);
    this.targets.fill(0, 0, this.size);
    if (!this.hasOffset) return;
    if (this.offset.length < this.size) this.offset = new Float32Array(this.size);
    this.offset.fill(0, 0, this.size);
  }

  fillOffset(row: number, byItem: Float32Array): void {
    const start = row * this.items.length;
    for (const [at, j] of this.items.entries()) this.offset[start + at] = byItem[j]!;
  }

  setTarget(row: number, item: number, weight: number): void {
    const at = this.column[item]!;
    if (at >= 0) this.targets[row * this.items.length + at] = weight;
  }

  setOffset(row: number, item: number, value: number): void {
    const at = this.column[item]!;
    if (at >= 0) this.offset[row * this.items.length + at] = value;
  }

  /** One more negative of a row: what the candidate stands for, e^offset, grows by `weight`. */
  addNegative(row: number, item: number, weight: number): void {
    const at = this.column[item]!;
    if (at < 0) return;
    const slot = row * this.items.length + at;
    this.offset[slot] = Math.log(Math.exp(this.offset[slot]!) + weight);
  }

  /** A refused item counts as `weight` negatives: its logit in the denominator rises by log weight. */
  refuse(row: number, user: number, preferences: Preferences, weight: number): void {
    if (weight === 1 || !this.hasOffset) return;
    forRow(preferences.refused.offsets, user, (e) => {
      const at = this.column[preferences.refused.indices[e]!]!;
      if (at >= 0) this.offset[row * this.items.length + at]! += Math.log(weight);
    });
  }

  batch(): CandidateBatch {
    return {
      items: this.items,
      targets: this.targets.subarray(0, this.size),
      offset: this.hasOffset ? this.offset.subarray(0, this.size) : undefined,
    };
  }
}
