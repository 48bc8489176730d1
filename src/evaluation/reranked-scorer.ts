import type { Scorer } from "./scorer.ts";

/** The best items of one viewer, best first, without what was given of them. */
export interface TopItems {
  /** Indices into the split's items. */
  readonly items: Int32Array;
  readonly scores: Float32Array;
  /** Whose: the row of the histories that were scored. */
  readonly row: number;
}

/** Options of {@link rerankedScorer}. */
export interface RerankedScorerOptions {
  readonly name: string;
  /** Items in all. */
  readonly itemCount: number;
  /** So many of the best are put in another order; what follows stays behind them. */
  readonly depth: number;
  /** Chooses an order: positions in the list, each at most once, first the first. */
  readonly choose: (top: TopItems) => readonly number[];
  /** The only items that are ranked. @default every item */
  readonly candidates?: Int32Array;
}

/**
 * A scorer whose best items are re-ranked, so that what an answer is made of after retrieval is measured like any other
 * model: positions that were chosen come first, in their order, then the rest of the list, then everything else.
 *
 * @param scorer What ranks first.
 * @param options How the best are put in order.
 * @returns A scorer.
 */
export function rerankedScorer(scorer: Scorer, options: RerankedScorerOptions): Scorer {
  const { name, itemCount, depth, choose } = options;
  const candidates = options.candidates ?? Int32Array.from({ length: itemCount }, (_, i) => i);
  return {
    name,
    score: async (histories) => {
      const scores = (await scorer.score(histories)).slice();
      for (let row = 0; row * itemCount < scores.length; row++) {
        const own = scores.subarray(row * itemCount, (row + 1) * itemCount);
        const given = new Set(histories.item.subarray(histories.offsets[row]!, histories.offsets[row + 1]!));
        const items = candidates
          .filter((item) => !given.has(item))
          .sort((a, b) => own[b]! - own[a]! || a - b)
          .slice(0, depth);
        const chosen = choose({ items, scores: Float32Array.from(items, (item) => own[item]!), row });
        const order = new Set([...chosen, ...items.keys()]);
        // Above the best score of all, so that everything else stays behind; a width of 1 keeps the order of floats.
        const best = Math.ceil(Math.max(...own)) + 1;
        let place = order.size;
        for (const position of order) own[items[position]!] = best + place--;
      }
      return scores;
    },
  };
}
