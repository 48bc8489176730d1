import type { Histories } from "../../features/mod.ts";
import type { ContentVectors } from "../content-vectors.ts";
import { likedItems } from "../liked-items.ts";
import type { Scorer } from "../scorer.ts";

/**
 * Items whose content is like that of what was liked: the profile of a viewer is the mean of the unit content vectors
 * of their likes, and an item scores by its cosine to the profile. Knows nothing of who liked what, so it is what new
 * items are to be recommended better than (Pazzani & Billsus 2007, "Content-based recommendation systems", section 10.3).
 *
 * @param vectors Of every item.
 * @returns A scorer.
 */
export function contentKnnScorer(vectors: ContentVectors): Scorer {
  const { offsets, indices, weights, width } = vectors;
  const items = offsets.length - 1;
  return {
    name: "content-knn",
    score: async (histories: Histories) => {
      const given = likedItems(histories);
      const users = given.offsets.length - 1;
      const scores = new Float32Array(users * items);
      const profile = new Float32Array(width);
      for (let user = 0; user < users; user++) {
        profile.fill(0);
        for (let e = given.offsets[user]!; e < given.offsets[user + 1]!; e++) {
          const item = given.items[e]!;
          for (let c = offsets[item]!; c < offsets[item + 1]!; c++) profile[indices[c]!]! += weights[c]!;
        }
        const length = Math.sqrt(profile.reduce((sum, value) => sum + value * value, 0)) || 1;
        for (let item = 0; item < items; item++) {
          let dot = 0;
          for (let c = offsets[item]!; c < offsets[item + 1]!; c++)
            dot += profile[indices[c]!]! * weights[c]!;
          scores[user * items + item] = dot / length;
        }
      }
      return scores;
    },
  };
}
