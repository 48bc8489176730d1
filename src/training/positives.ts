import type { Csr } from "../base/mod.ts";
import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What each viewer took and refused: one row per person of the dataset, columns are items, each at most once. */
export interface Preferences {
  /** Items with what they count. */
  readonly positives: Csr;
  /** Items refused, weight 1. */
  readonly refused: Csr;
}

/**
 * Reads likes, views and nopes as preferences. The latest of a like and a nope counts; a refused item is never a
 * positive; of a like and a view the heavier counts.
 *
 * @param dataset Events in order of time.
 * @param config Weights and the watched share a view needs.
 * @returns Rows sorted by item.
 */
export function readPreferences(
  dataset: Dataset,
  config: Pick<TrainingConfig, "likeWeight" | "viewWeight" | "viewThreshold">,
): Preferences {
  const positives = new RowBuilder();
  const refused = new RowBuilder();
  const { item, kind, watchFraction } = dataset.events;
  for (let p = 0; p < dataset.people.length; p++) {
    const weight = new Map<number, number>();
    const nopes = new Set<number>();
    for (let e = dataset.offsets[p]!; e < dataset.offsets[p + 1]!; e++) {
      const i = item[e]!;
      const what = eventKinds[kind[e]!];
      if (what === "like") {
        nopes.delete(i);
        weight.set(i, Math.max(weight.get(i) ?? 0, config.likeWeight));
      } else if (what === "nope") nopes.add(i);
      // A view whose watched share is unknown (NaN) tells nothing of whether it pleased.
      else if (watchFraction[e]! >= config.viewThreshold) {
        weight.set(i, Math.max(weight.get(i) ?? 0, config.viewWeight));
      }
    }
    const kept = [...weight].filter(([i, w]) => w > 0 && !nopes.has(i));
    positives.add(kept.sort((a, b) => a[0] - b[0]));
    refused.add([...nopes].sort((a, b) => a - b).map((i) => [i, 1]));
  }
  return { positives: positives.build(), refused: refused.build() };
}

class RowBuilder {
  private readonly offsets: number[] = [0];
  private readonly indices: number[] = [];
  private readonly weights: number[] = [];

  add(entries: readonly (readonly [number, number])[]): void {
    for (const [index, weight] of entries) {
      this.indices.push(index);
      this.weights.push(weight);
    }
    this.offsets.push(this.indices.length);
  }

  build(): Csr {
    return {
      offsets: Int32Array.from(this.offsets),
      indices: Int32Array.from(this.indices),
      weights: Float32Array.from(this.weights),
    };
  }
}
