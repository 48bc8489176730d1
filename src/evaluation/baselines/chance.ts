import { createRandom } from "../../base/mod.ts";
import type { Histories } from "../../features/mod.ts";
import type { Scorer } from "../scorer.ts";

/**
 * Draws every score: the level that anything must beat, and in `cold`, where nobody has liked the candidates, the only
 * one that baselines without content can reach.
 *
 * @param items Items to be scored.
 * @param options The seed of the draws.
 * @returns A scorer; a viewer's scores depend on the seed and what is given of the viewer, not on who else is scored.
 */
export function chanceScorer(items: number, options: { readonly seed: number }): Scorer {
  return {
    name: "random",
    score: async (histories: Histories) => {
      const users = histories.offsets.length - 1;
      const scores = new Float32Array(users * items);
      for (let user = 0; user < users; user++) {
        const given = histories.item.subarray(histories.offsets[user]!, histories.offsets[user + 1]!);
        const random = createRandom(options.seed).fork(given.join());
        for (let i = 0; i < items; i++) scores[user * items + i] = random.next();
      }
      return scores;
    },
  };
}
