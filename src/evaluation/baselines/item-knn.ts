import type { Histories } from "../../features/mod.ts";
import { likedItems } from "../liked-items.ts";
import type { Scorer } from "../scorer.ts";
import type { Interactions } from "./interactions.ts";

/** Options of {@link fitItemKnn}. */
export interface ItemKnnOptions {
  /** Neighbours kept per item. @default 200 */
  readonly neighbours?: number;
  /** Added to the denominator: makes similarities that rest on few people smaller. @default 20 */
  readonly shrinkage?: number;
}

/**
 * Items like those that were liked (Sarwar et al. 2001; shrinkage after Bell & Koren 2007).
 *
 * sim(i, j) = |U_i ∩ U_j| / (sqrt(|U_i| · |U_j|) + shrinkage)
 * score(u, i) = sum over j in I_u ∩ N_i of sim(i, j), N_i the nearest neighbours of i.
 *
 * Memory grows with items × neighbours, time with the sum of squared history lengths.
 *
 * @param interactions Training likes.
 * @param options Neighbours and shrinkage.
 * @returns A scorer.
 * @throws RangeError When neighbours is below 1 or shrinkage below 0.
 */
export function fitItemKnn(interactions: Interactions, options: ItemKnnOptions = {}): Scorer {
  const { neighbours = 200, shrinkage = 20 } = options;
  if (!(neighbours >= 1) || !(shrinkage >= 0)) {
    throw new RangeError(
      `Cannot fit item-knn as neighbours must be at least 1 and shrinkage at least 0: current values are ${neighbours} and ${shrinkage}`,
    );
  }
  const { items } = interactions;
  const lists = neighbourLists(interactions, neighbours, shrinkage);
  return {
    name: "item-knn",
    score: async (histories: Histories) => {
      const given = likedItems(histories);
      const users = given.offsets.length - 1;
      const scores = new Float32Array(users * items);
      for (let user = 0; user < users; user++) {
        const row = scores.subarray(user * items, (user + 1) * items);
        for (let e = given.offsets[user]!; e < given.offsets[user + 1]!; e++) {
          const list = lists[given.items[e]!]!;
          for (let n = 0; n < list.items.length; n++) row[list.items[n]!]! += list.similarity[n]!;
        }
      }
      return scores;
    },
  };
}

/** For a liked item j, the items i that have j among their neighbours, and how similar they are. */
interface NeighbourOf {
  readonly items: Int32Array;
  readonly similarity: Float32Array;
}

function neighbourLists(matrix: Interactions, neighbours: number, shrinkage: number): NeighbourOf[] {
  const { items, byItem, byUser } = matrix;
  const likes = (item: number): number => byItem.offsets[item + 1]! - byItem.offsets[item]!;
  const together = new Int32Array(items);
  const similarity = new Float32Array(items);
  const found = Array.from({ length: items }, () => ({ items: [] as number[], similarity: [] as number[] }));
  for (let item = 0; item < items; item++) {
    const met: number[] = [];
    for (let e = byItem.offsets[item]!; e < byItem.offsets[item + 1]!; e++) {
      const user = byItem.items[e]!;
      const end = byUser.offsets[user + 1]!;
      for (let f = byUser.offsets[user]!; f < end; f++) {
        const other = byUser.items[f]!;
        if (together[other]!++ === 0 && other !== item) met.push(other);
      }
    }
    for (const other of met) {
      similarity[other] = together[other]! / (Math.sqrt(likes(item) * likes(other)) + shrinkage);
      together[other] = 0;
    }
    together[item] = 0;
    if (met.length > neighbours) met.sort((a, b) => similarity[b]! - similarity[a]! || a - b);
    for (const other of met.slice(0, neighbours)) {
      found[other]!.items.push(item);
      found[other]!.similarity.push(similarity[other]!);
    }
  }
  return found.map((list) => ({
    items: Int32Array.from(list.items),
    similarity: Float32Array.from(list.similarity),
  }));
}
