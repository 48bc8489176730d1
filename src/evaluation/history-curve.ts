import { createRandom } from "../base/mod.ts";
import { chooseEvents, newestEvents } from "../features/mod.ts";
import type { Estimate } from "./bootstrap.ts";
import { rowOf } from "./evaluation-set.ts";
import { ndcgAt } from "./metrics/ndcg.ts";
import { rankAll } from "./rank-all.ts";
import type { Scorer } from "./scorer.ts";
import type { EvaluationSet, ItemSets, Split } from "./split.ts";
import { compareModels } from "./viewer-figures.ts";

/** How well models do with the last few events of a viewer alone. */
export interface HistoryCurve {
  /** Viewers that every point is measured on: those who have as many given events as the longest history needs. */
  readonly viewers: number;
  readonly points: readonly {
    /** Events a model was given of each viewer. */
    readonly length: number;
    readonly models: readonly { readonly name: string; readonly ndcg10: Estimate }[];
  }[];
}

/**
 * NDCG@10 as a function of how much of a viewer is known: every model is given the last n events of each test viewer and
 * nothing else. What is to be found, and what is left out of the ranking, stays as it is in the split, and all points are
 * of the same viewers, so that they differ by the history alone.
 *
 * @param split Whose test part is read.
 * @param scorers What is measured; fitted on all of the training part.
 * @param options Numbers of events; 0 is somebody of whom nothing but declared fields is known.
 * @returns One point for each length, ascending.
 * @throws RangeError When no viewer has enough events for the longest.
 */
export async function historyCurve(
  split: Split,
  scorers: readonly Scorer[],
  options: { readonly lengths: readonly number[]; readonly resamples?: number },
): Promise<HistoryCurve> {
  const lengths = [...new Set(options.lengths)].sort((a, b) => a - b);
  const set = viewersWithHistory(split, lengths);
  const viewers = set.people.length;
  const points: HistoryCurve["points"][number][] = [];
  for (const length of lengths) {
    const shortened = { ...set, given: newestEvents(set.given, length) };
    const values = new Float64Array(viewers * scorers.length);
    for (const [m, scorer] of scorers.entries()) {
      const { rankings } = await rankAll(scorer, shortened, { itemCount: split.items.length, topK: 0 });
      for (const [row, { ranks }] of rankings.entries()) values[row * scorers.length + m] = ndcgAt(ranks, 10);
    }
    const { estimates } = compareModels(
      [
        {
          models: scorers.map(({ name }) => ({ name, role: "model" })),
          metrics: ["ndcg@10"],
          people: set.people,
          values,
        },
      ],
      {
        resamples: options.resamples ?? 1000,
        random: createRandom(split.seed).fork(`history-${length}`),
      },
    );
    points.push({
      length,
      models: scorers.map(({ name }, m) => ({ name, ndcg10: estimates[m]!["ndcg@10"]! })),
    });
  }
  return { viewers, points };
}

/**
 * The test viewers that {@link historyCurve} measures; ask before a model is trained for it.
 *
 * @param split Whose test part is read.
 * @param lengths Numbers of events.
 * @returns Those who have as many given events as the longest.
 * @throws RangeError When nobody has.
 */
export function viewersWithHistory(split: Pick<Split, "test">, lengths: readonly number[]): EvaluationSet {
  const { given, people, held, seen, candidates } = split.test;
  const longest = Math.max(0, ...lengths);
  const rows = Array.from(people.keys()).filter(
    (row) => given.offsets[row + 1]! - given.offsets[row]! >= longest,
  );
  if (rows.length === 0) {
    throw new RangeError(
      `Cannot shorten histories as some viewer must have at least ${longest} given events: current value is 0 viewers. Ask for shorter ones`,
    );
  }
  const chosenSets = (sets: ItemSets): ItemSets => {
    const chosen = rows.map((row) => rowOf(sets, row));
    const offsets = new Int32Array(rows.length + 1);
    for (const [r, row] of chosen.entries()) offsets[r + 1] = offsets[r]! + row.length;
    return { offsets, items: Int32Array.from(chosen.flatMap((row) => [...row])) };
  };
  return {
    people: Int32Array.from(rows, (row) => people[row]!),
    given: chooseEvents(given, { rows }),
    held: chosenSets(held),
    seen: chosenSets(seen),
    candidates,
  };
}
