import { createRandom } from "../../base/mod.ts";
import { type Dataset, filterEvents } from "../../catalogue/mod.ts";
import { buildEvaluationSet, dealLikes } from "../evaluation-set.ts";
import { finishSplit } from "../finish-split.ts";
import { likedItems } from "../liked-items.ts";
import { shuffled } from "../shuffle.ts";
import { type ProtocolOptions, percent, type Split } from "../split.ts";

/** Viewers with fewer likes cannot be divided 80/20 and stay in training. */
const minLikes = 5;
const heldShare = 0.2;

/**
 * A new viewer with some history: viewers are split 80/10/10; of each held-out viewer's likes 80 % are given and
 * 20 % held. No event of a held-out viewer is trained on. (Liang et al. 2018, "Variational autoencoders for
 * collaborative filtering", section 4.2: strong generalisation.)
 *
 * @param dataset What is split.
 * @param options Seed and share.
 * @returns The split.
 */
export function splitStrong(dataset: Dataset, options: ProtocolOptions = {}): Split {
  const { seed = 42, testShare = 0.1 } = options;
  const random = createRandom(seed).fork("strong");
  const likes = likedItems(dataset).offsets;
  const eligible = Int32Array.from(dataset.people.keys()).filter(
    (p) => likes[p + 1]! - likes[p]! >= minLikes,
  );
  const order = shuffled(eligible.length, random).map((i) => eligible[i]!);
  const size = Math.floor(eligible.length * testShare);
  const test = order.slice(0, size).sort();
  const validation = order.slice(size, 2 * size).sort();
  const heldOut = new Uint8Array(dataset.people.length);
  for (const person of order.subarray(0, 2 * size)) heldOut[person] = 1;

  const deal = (liked: number): Uint8Array => {
    const parts = new Uint8Array(liked);
    const held = shuffled(liked, random).subarray(0, Math.max(1, Math.round(liked * heldShare)));
    for (const i of held) parts[i] = 1;
    return parts;
  };
  const part = dealLikes(dataset, order.subarray(0, 2 * size), deal);
  const given = (event: number): boolean => part[event] === 0;
  const held = (event: number): boolean => part[event] === 1;
  return finishSplit(dataset, {
    protocol: "strong",
    seed,
    parameters: { testShare, heldShare, minLikes },
    description: `New viewers with some history: ${percent(testShare)} of the viewers, and as many for validation, are not trained on; of a held-out viewer's likes 80 % are given and 20 % are to be found among the whole catalogue without what was given.`,
    recallDivisor: "min(k, held)",
    train: filterEvents(dataset, (event) => heldOut[dataset.events.person[event]!] === 0),
    validation: buildEvaluationSet(dataset, { people: validation, given, held }),
    test: buildEvaluationSet(dataset, { people: test, given, held }),
  });
}
