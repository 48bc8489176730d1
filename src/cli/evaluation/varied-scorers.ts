import { rerankedScorer, type Scorer, type Split } from "../../evaluation/mod.ts";
import { rerank } from "../../recommend/mod.ts";
import type { TowerScorer } from "../../towers/mod.ts";

/** What an answer holds, and of how many of the best it is chosen, as the service does it: four times as many. */
export const limit = 20;
export const pool: number = 4 * limit;

/**
 * Towers whose best items are re-ranked to vary, as an answer of 20 is; by the item vectors themselves.
 *
 * @param scorer The towers.
 * @param split Whose items are ranked.
 * @param options How varied, 0 to 1 each.
 * @returns One scorer for each, named after the towers.
 */
export function variedScorers(
  scorer: TowerScorer,
  split: Split,
  options: { readonly diversities: readonly number[] },
): readonly Scorer[] {
  const itemCount = split.items.length;
  const dims = scorer.itemVectors.length / itemCount;
  const { candidates } = split.test;
  return options.diversities.map((diversity) =>
    rerankedScorer(scorer, {
      name: `${scorer.name}, diversity ${diversity}`,
      itemCount,
      depth: pool,
      ...(candidates === undefined ? {} : { candidates }),
      choose: ({ items, scores }) => {
        const values = new Float32Array(items.length * dims);
        for (const [at, item] of items.entries()) {
          values.set(scorer.itemVectors.subarray(item * dims, (item + 1) * dims), at * dims);
        }
        return rerank({ scores, vectors: { values, dims } }, { limit, diversity });
      },
    }),
  );
}
