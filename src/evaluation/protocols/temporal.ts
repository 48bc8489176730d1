import { type Dataset, filterEvents } from "../../catalogue/mod.ts";
import { buildEvaluationSet } from "../evaluation-set.ts";
import { finishSplit } from "../finish-split.ts";
import { likeKind } from "../liked-items.ts";
import type { ProtocolOptions, Split } from "../split.ts";

/**
 * The future: one cut in time for everybody. Before the first cut is trained on, between the cuts is for validation,
 * after the second for test; no user feature looks past its cut. Viewers take part who liked something on both sides.
 *
 * @param dataset What is split.
 * @param options The share of likes after each cut; nothing is random.
 * @returns The split.
 * @throws RangeError When there are too few likes to cut.
 */
export function splitTemporal(dataset: Dataset, options: ProtocolOptions = {}): Split {
  const { seed = 42, testShare = 0.1 } = options;
  const { at, kind } = dataset.events;
  const times = at.filter((_, event) => kind[event] === likeKind).sort();
  if (times.length < 10) {
    throw new RangeError(`Cannot cut time as at least 10 likes are needed: current value is ${times.length}`);
  }
  const cutAt = (share: number): number => times[Math.floor(times.length * (1 - share))]!;
  const validationCut = cutAt(2 * testShare);
  const testCut = cutAt(testShare);
  const people = Int32Array.from(dataset.people.keys());
  return finishSplit(dataset, {
    protocol: "temporal",
    seed,
    parameters: { testShare, validationCut, testCut },
    description: `The future: what came before ${isoMinute(validationCut)} is trained on; what a viewer liked from ${isoMinute(testCut)} on is to be found among the whole catalogue, given what came before that moment, which is taken out of the ranking.`,
    recallDivisor: "held",
    train: filterEvents(dataset, (event) => at[event]! < validationCut),
    validation: buildEvaluationSet(dataset, {
      people,
      given: (event) => at[event]! < validationCut,
      held: (event) => at[event]! >= validationCut && at[event]! < testCut,
      asOf: validationCut,
    }),
    test: buildEvaluationSet(dataset, {
      people,
      given: (event) => at[event]! < testCut,
      held: (event) => at[event]! >= testCut,
      asOf: testCut,
    }),
  });
}

function isoMinute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
