import { createRandom } from "../../base/mod.ts";
import { type Dataset, filterEvents } from "../../catalogue/mod.ts";
import { buildEvaluationSet, dealLikes } from "../evaluation-set.ts";
import { finishSplit } from "../finish-split.ts";
import { shuffled } from "../shuffle.ts";
import { type ProtocolOptions, percent, type Split } from "../split.ts";

/** Viewers with fewer likes cannot give one to each part and stay in training. */
const minLikes = 3;

/**
 * A known viewer: 80 % of each viewer's likes are trained on and given, 10 % are for validation and 10 % for test,
 * at random, the held parts rounded down but never empty. What is held for validation is taken out of the test ranking.
 * All of this as RecBole 1.1 divides (`RS` 8:1:1, grouped by user, random order) and ranks (`full`).
 *
 * @param dataset What is split.
 * @param options Seed and share.
 * @returns The split.
 */
export function splitRandom(dataset: Dataset, options: ProtocolOptions = {}): Split {
  const { seed = 42, testShare = 0.1 } = options;
  const random = createRandom(seed).fork("random");
  const people = Int32Array.from(dataset.people.keys());
  const part = dealLikes(dataset, people, (liked) => {
    const parts = new Uint8Array(liked);
    if (liked < minLikes) return parts;
    const size = Math.max(1, Math.floor(liked * testShare));
    const order = shuffled(liked, random);
    for (const i of order.subarray(0, size)) parts[i] = 2;
    for (const i of order.subarray(size, 2 * size)) parts[i] = 1;
    return parts;
  });
  const given = (event: number): boolean => part[event] === 0;
  return finishSplit(dataset, {
    protocol: "random",
    seed,
    parameters: { testShare, minLikes, rounding: "down" },
    description: `Known viewers: of each viewer's likes ${percent(1 - 2 * testShare)} are trained on and given; ${percent(testShare)} at random are to be found among the whole catalogue without the other ${percent(1 - testShare)}.`,
    recallDivisor: "held",
    train: filterEvents(dataset, given),
    validation: buildEvaluationSet(dataset, { people, given, held: (event) => part[event] === 1 }),
    test: buildEvaluationSet(dataset, {
      people,
      given,
      held: (event) => part[event] === 2,
      seen: (event) => part[event] !== 2,
    }),
  });
}
