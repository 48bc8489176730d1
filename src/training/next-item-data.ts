import type { Csr } from "../base/mod.ts";
import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import {
  type EncodedRows,
  encodeItems,
  encodeUsers,
  type FittedFeatures,
  type Histories,
  historiesOf,
} from "../features/mod.ts";
import type { LabelCounts } from "./accidental-likes.ts";
import { mixedSampler, type NegativeSampler } from "./negative-sampler.ts";
import { readPreferences } from "./positives.ts";
import type { TrainingConfig } from "./training-config.ts";

/** A dataset made ready for learning the next item at every step of every viewer's sequence. */
export interface NextItemData {
  /** The whole catalogue. */
  readonly items: EncodedRows;
  /** Viewers' events in pieces as long as the sequence reads. */
  readonly windows: EncodedRows;
  /** Windows with something to learn. */
  readonly rows: Int32Array;
  /** By step of the windows: the item that came next, where it is a positive; else -1. */
  readonly targets: Int32Array;
  /** What each target counts. */
  readonly weights: Float32Array;
  /** Items that may be candidates. */
  readonly candidates: Int32Array;
  /** Whether all candidates are scored at every step; else negatives are drawn. */
  readonly whole: boolean;
  readonly sampler: NegativeSampler;
  /** Steps by window. */
  readonly lengths: Int32Array;
  /** What was taken for accidental. */
  readonly labels: LabelCounts;
  /** Targets of a window, on average. */
  readonly targetsPerWindow: number;
  /** How many people have targets. */
  readonly viewers: number;
}

const like = eventKinds.indexOf("like");
const nope = eventKinds.indexOf("nope");

/**
 * Cuts histories into windows and finds the target of every step.
 *
 * A viewer's newest window is whole, the oldest may be short. The first step of a window, its start, has a target only
 * where the viewer's history begins; the last one's is the first event of the next window. A target is a like, or a view
 * of enough, of an item that counts as taken (see `readPreferences`).
 *
 * @param dataset What is trained on.
 * @param options Features with a sequence, and the configuration.
 * @returns The data.
 * @throws RangeError When nobody liked anything.
 */
export function readNextItemData(
  dataset: Dataset,
  { features, training }: { readonly features: FittedFeatures; readonly training: TrainingConfig },
): NextItemData {
  const length = features.userLayout.sequence!.steps - 1;
  const people = Int32Array.from(dataset.people.keys());
  const everyone = historiesOf(dataset, people);
  const items = encodeItems(features, dataset.items);
  const cuts = cutWindows(everyone, length);
  const owner = Int32Array.from(cuts.owner);
  const windows = encodeUsers(
    features,
    {
      ...everyone,
      offsets: Int32Array.from(cuts.offsets),
      asOf: new Float64Array(owner.length).fill(everyone.asOf[0] ?? 0),
      fields: Array.from(owner, (person) => everyone.fields[person]!),
    },
    { items },
  );
  const steps = windows.sequence!.offsets;
  const targets = new Int32Array(steps[owner.length]!).fill(-1);
  const weights = new Float32Array(targets.length);
  const counts = new Float64Array(dataset.items.length);
  const { positives, labels } = readPreferences(dataset, training);
  const weightOf = eventWeights(everyone, { positives, viewThreshold: training.viewThreshold });
  const rows: number[] = [];
  let found = 0;
  for (const [window, person] of owner.entries()) {
    const first = cuts.offsets[window]!;
    const end = everyone.offsets[person + 1]!;
    const before = found;
    for (let step = steps[window]!; step < steps[window + 1]!; step++) {
      const next = first + step - steps[window]!;
      if (next >= end || (step === steps[window] && first > everyone.offsets[person]!)) continue;
      const weight = weightOf[next]!;
      if (weight === 0) continue;
      targets[step] = everyone.item[next]!;
      weights[step] = weight;
      counts[targets[step]!]!++;
      found++;
    }
    if (found > before) rows.push(window);
  }
  if (found === 0) {
    throw new RangeError(
      "Cannot train as at least one person must have liked something: import events first",
    );
  }
  const eligible = Uint8Array.from(counts, (n) => (n > 0 || training.candidateItems === "all" ? 1 : 0));
  const candidates = Int32Array.from(eligible.keys()).filter((item) => eligible[item] === 1);
  return {
    items,
    windows,
    rows: Int32Array.from(rows),
    targets,
    weights,
    candidates,
    whole: candidates.length <= training.maxCandidates,
    sampler: mixedSampler(counts, { popularShare: training.popularShare, eligible }),
    lengths: owner.map((_, window) => steps[window + 1]! - steps[window]!),
    labels,
    targetsPerWindow: found / rows.length,
    viewers: new Set(rows.map((window) => owner[window])).size,
  };
}

function cutWindows(
  { offsets }: Histories,
  length: number,
): { readonly offsets: readonly number[]; readonly owner: readonly number[] } {
  const cuts: number[] = [];
  const owner: number[] = [];
  for (let person = 0; person + 1 < offsets.length; person++) {
    const end = offsets[person + 1]!;
    const begin = offsets[person]!;
    const short = (end - begin) % length;
    for (let at = begin; at < end; at += at === begin && short > 0 ? short : length) {
      cuts.push(at);
      owner.push(person);
    }
  }
  return { offsets: [...cuts, offsets.at(-1) ?? 0], owner };
}

/** What each event counts as a target: what the person's taking of its item counts; 0 where it is none. */
function eventWeights(
  { offsets, item, kind, watchFraction }: Histories,
  options: { readonly positives: Csr; readonly viewThreshold: number },
): Float32Array {
  const { positives, viewThreshold } = options;
  const weights = new Float32Array(item.length);
  for (let person = 0; person + 1 < offsets.length; person++) {
    const taken = new Map<number, number>();
    for (let p = positives.offsets[person]!; p < positives.offsets[person + 1]!; p++) {
      taken.set(positives.indices[p]!, positives.weights[p]!);
    }
    for (let e = offsets[person]!; e < offsets[person + 1]!; e++) {
      if (kind[e] === nope || (kind[e] !== like && !(watchFraction[e]! >= viewThreshold))) continue;
      weights[e] = taken.get(item[e]!) ?? 0;
    }
  }
  return weights;
}
