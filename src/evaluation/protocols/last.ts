import { type Dataset, filterEvents } from "../../catalogue/mod.ts";
import { buildEvaluationSet } from "../evaluation-set.ts";
import { finishSplit } from "../finish-split.ts";
import { likeKind } from "../liked-items.ts";
import { reorderEvents, type ViewerOrder } from "../reorder-events.ts";
import type { ProtocolOptions, Split } from "../split.ts";

/** Options of {@link splitLast}. */
export interface LastOptions extends Pick<ProtocolOptions, "seed"> {
  /** The order of each viewer's events where it is not that of time; events that it does not name are left out. */
  readonly order?: ViewerOrder;
}

/** One to train on, one for validation, one for test. */
const minLikes = 3;

/**
 * The next thing a viewer will take: the last like is the test target, the one before it the validation target, and
 * whatever came earlier is trained on. Models are given all that came before the target; the rest of the whole
 * catalogue competes with it. (Kang & McAuley 2018, "Self-attentive sequential recommendation", section 4.)
 *
 * @param dataset What is split.
 * @param options An order, where the times do not give it.
 * @returns The split; nothing in it is random.
 */
export function splitLast(dataset: Dataset, options: LastOptions = {}): Split {
  const ordered = options.order === undefined ? dataset : reorderEvents(dataset, options.order);
  const { item, person, kind } = ordered.events;
  const testAt = new Int32Array(ordered.people.length).fill(-1);
  const validationAt = new Int32Array(ordered.people.length).fill(-1);
  for (let p = 0; p < ordered.people.length; p++) {
    const firsts = firstLikes(ordered, p);
    if (firsts.length < minLikes) continue;
    testAt[p] = firsts.at(-1)!;
    validationAt[p] = firsts.at(-2)!;
  }
  const before = (event: number, target: number): boolean =>
    target < 0 || (event < target && item[event] !== item[target]);
  const beforeTest = (event: number): boolean => before(event, testAt[person[event]!]!);
  const beforeValidation = (event: number): boolean =>
    beforeTest(event) && before(event, validationAt[person[event]!]!);
  const people = Int32Array.from(ordered.people.keys());
  return finishSplit(ordered, {
    protocol: "last",
    seed: options.seed ?? 42,
    parameters: { minLikes, order: options.order === undefined ? "time" : "given" },
    description:
      "The next thing a viewer takes: all but the last two likes are trained on; the last one is to be found among the whole catalogue, given everything before it, which is taken out of the ranking.",
    recallDivisor: "held",
    train: filterEvents(ordered, beforeValidation),
    validation: buildEvaluationSet(ordered, {
      people,
      given: beforeValidation,
      held: (event) => event === validationAt[person[event]!],
    }),
    test: buildEvaluationSet(ordered, {
      people,
      given: beforeTest,
      held: (event) => event === testAt[person[event]!],
    }),
  });

  function firstLikes(source: Dataset, p: number): number[] {
    const known = new Set<number>();
    const firsts: number[] = [];
    for (let e = source.offsets[p]!; e < source.offsets[p + 1]!; e++) {
      if (kind[e] !== likeKind || known.has(item[e]!)) continue;
      known.add(item[e]!);
      firsts.push(e);
    }
    return firsts;
  }
}
