import type { Neighbour } from "../../embeddings/mod.ts";
import { itemValue, type Valuing } from "./valuing.ts";

/** A candidate, and what it is worth where a formula says. */
export type Valued = Neighbour & { readonly value?: number };

/** Options of {@link byValue}. */
export interface ByValueOptions {
  /** So many of the best are put in another order; the others follow behind them in theirs. */
  readonly competing: number;
  readonly valuing: Valuing;
  /** Of the viewer. */
  readonly user: ArrayLike<number>;
  /** Of the items, by id. */
  readonly vectors: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * Ranks candidates again by what they are worth, equals in the order they had.
 *
 * @param found Best first by similarity.
 * @param options The formula, and what it is of.
 * @returns All of them, and how many compete now: one without a vector does not, and follows.
 */
export function byValue<Candidate extends Neighbour>(
  found: readonly Candidate[],
  { competing, valuing, user, vectors }: ByValueOptions,
): { readonly found: readonly (Candidate & Valued)[]; readonly competing: number } {
  const best: (Candidate & { readonly value: number })[] = [];
  const rest: Candidate[] = [];
  for (const [at, candidate] of found.entries()) {
    const item = at < competing ? vectors.get(candidate.itemId) : undefined;
    if (item === undefined) rest.push(candidate);
    else {
      const { total } = itemValue(valuing, { user, item, similarity: candidate.score });
      best.push({ ...candidate, value: total });
    }
  }
  best.sort((a, b) => b.value - a.value);
  return { found: [...best, ...rest], competing: best.length };
}
