import { createRandom } from "../../base/mod.ts";
import { type Dataset, filterEvents } from "../../catalogue/mod.ts";
import { buildEvaluationSet } from "../evaluation-set.ts";
import { finishSplit } from "../finish-split.ts";
import { selectItems } from "../select-items.ts";
import { shuffled } from "../shuffle.ts";
import { type ProtocolOptions, percent, type Split } from "../split.ts";

/**
 * New items: 10 % of the items, and another 10 % for validation, are absent from training altogether and are the
 * only candidates. What a viewer liked of the other 80 % is given.
 *
 * @param dataset What is split.
 * @param options Seed and share.
 * @returns The split; its items stand in another order than the dataset's: trained ones, validation, test.
 */
export function splitCold(dataset: Dataset, options: ProtocolOptions = {}): Split {
  const { seed = 42, testShare = 0.1 } = options;
  const count = dataset.items.length;
  const size = Math.floor(count * testShare);
  const order = shuffled(count, createRandom(seed).fork("cold"));
  const warm = count - 2 * size;
  // Trained items first, so that an index means the same item in `train`, in `items` and in every history.
  for (const [start, end] of [
    [0, warm],
    [warm, warm + size],
    [warm + size, count],
  ] as const) {
    order.subarray(start, end).sort();
  }
  const whole = selectItems(dataset, order);
  const { item } = whole.events;
  const people = Int32Array.from(whole.people.keys());
  const range = (start: number, end: number): Int32Array =>
    Int32Array.from({ length: end - start }, (_, i) => start + i);
  const given = (event: number): boolean => item[event]! < warm;
  const train = filterEvents(whole, given);
  return finishSplit(whole, {
    protocol: "cold",
    seed,
    parameters: { testShare, coldItems: size },
    description: `New items: ${percent(testShare)} of the items are never seen in training and are the only candidates; those of them that a viewer liked are to be found, given what the viewer liked of the trained items.`,
    recallDivisor: "held",
    train: { ...train, items: whole.items.slice(0, warm) },
    validation: buildEvaluationSet(whole, {
      people,
      given,
      held: (event) => item[event]! >= warm && item[event]! < warm + size,
      candidates: range(warm, warm + size),
    }),
    test: buildEvaluationSet(whole, {
      people,
      given,
      held: (event) => item[event]! >= warm + size,
      candidates: range(warm + size, count),
    }),
  });
}
