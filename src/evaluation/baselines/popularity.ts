import type { Histories } from "../../features/mod.ts";
import type { Scorer } from "../scorer.ts";
import type { Interactions } from "./interactions.ts";

/**
 * The most liked first, for everybody the same.
 *
 * @param interactions Training likes.
 * @returns A scorer: an item's score is the number of people who liked it.
 */
export function fitPopularity(interactions: Interactions): Scorer {
  const { items, byItem } = interactions;
  const likes = Float32Array.from({ length: items }, (_, i) => byItem.offsets[i + 1]! - byItem.offsets[i]!);
  return {
    name: "popularity",
    score: async (histories: Histories) => {
      const users = histories.offsets.length - 1;
      const scores = new Float32Array(users * items);
      for (let user = 0; user < users; user++) scores.set(likes, user * items);
      return scores;
    },
  };
}
