import type { Csr } from "../base/mod.ts";
import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import { dataEndOf } from "../features/mod.ts";
import { findAccidentalLikes, type LabelCounts } from "./accidental-likes.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What each viewer took and refused: one row per person of the dataset, columns are items, each at most once. */
export interface Preferences {
  /** Items with what they count. */
  readonly positives: Csr;
  /** Items refused, weight 1. */
  readonly refused: Csr;
}

/** Preferences, and what was made of the likes on the way. */
export interface ReadPreferences extends Preferences {
  /** Likes that were taken for accidental, by rule. */
  readonly labels: LabelCounts;
}

/** What {@link readPreferences} goes by. */
export type PreferenceOptions = Pick<
  TrainingConfig,
  | "accidentalWeight"
  | "bounceSeconds"
  | "burstLikes"
  | "burstSeconds"
  | "likeWeight"
  | "targetHalfLifeDays"
  | "viewCounts"
  | "viewThreshold"
  | "viewWeight"
>;

const dayMs = 86_400_000;
/** However old, a positive counts this much: a batch of old ones alone must not divide by nothing. */
const leastRecency = 1e-6;

/**
 * Reads likes, views and nopes as preferences. The latest of a like and a nope counts; a refused item is never a
 * positive; of several likes and views of an item the heaviest counts.
 *
 * A like counts `likeWeight`, an accidental one `accidentalWeight` of that. A view of the share f of an item counts
 * `viewWeight` from the threshold t on, or (f - t) / (1 - t) of it where `viewCounts` is `watched`. Either is
 * multiplied by 2^(-age / targetHalfLifeDays), the age being counted back from the last event of the data.
 *
 * @param dataset Events in order of time.
 * @param config Weights, the watched share a view needs, and what makes a like accidental.
 * @returns Rows sorted by item.
 */
export function readPreferences(dataset: Dataset, config: PreferenceOptions): ReadPreferences {
  const accidental = findAccidentalLikes(dataset, config);
  const positives = new RowBuilder();
  const refused = new RowBuilder();
  const { item, kind, watchFraction, at } = dataset.events;
  const end = dataEndOf(dataset);
  const halfLife = config.targetHalfLifeDays;
  const recency = (e: number): number =>
    halfLife === null ? 1 : Math.max(leastRecency, 2 ** ((at[e]! - end) / (halfLife * dayMs)));
  for (let p = 0; p < dataset.people.length; p++) {
    const weight = new Map<number, number>();
    const nopes = new Set<number>();
    for (let e = dataset.offsets[p]!; e < dataset.offsets[p + 1]!; e++) {
      const i = item[e]!;
      const what = eventKinds[kind[e]!];
      if (what === "like") {
        nopes.delete(i);
        const meant = accidental.events[e] === 1 ? config.accidentalWeight : 1;
        weight.set(i, Math.max(weight.get(i) ?? 0, config.likeWeight * meant * recency(e)));
      } else if (what === "nope") nopes.add(i);
      // A view whose watched share is unknown (NaN) tells nothing of whether it pleased.
      else if (watchFraction[e]! >= config.viewThreshold) {
        const counts = viewWeight(watchFraction[e]!, config) * recency(e);
        weight.set(i, Math.max(weight.get(i) ?? 0, counts));
      }
    }
    const kept = [...weight].filter(([i, w]) => w > 0 && !nopes.has(i));
    positives.add(kept.sort((a, b) => a[0] - b[0]));
    refused.add([...nopes].sort((a, b) => a - b).map((i) => [i, 1]));
  }
  return { positives: positives.build(), refused: refused.build(), labels: accidental.counts };
}

function viewWeight(
  fraction: number,
  config: Pick<TrainingConfig, "viewCounts" | "viewThreshold" | "viewWeight">,
): number {
  if (config.viewCounts === "flat") return config.viewWeight;
  const { viewThreshold: threshold } = config;
  // What the data gives above 1 (watched twice) is no more than all of it; a threshold of 1 leaves all or nothing.
  const above = threshold === 1 ? 1 : (Math.min(1, fraction) - threshold) / (1 - threshold);
  return config.viewWeight * above;
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
