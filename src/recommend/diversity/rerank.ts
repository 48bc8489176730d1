import { type Cap, countCaps } from "./caps.ts";
import type { Gain, Pool } from "./gain.ts";
import { dppGain } from "./greedy-dpp.ts";
import { mmrGain } from "./mmr.ts";

/** How what is like each other is kept apart; see {@link mmrGain} and {@link dppGain}. */
export type DiversityMethod = "mmr" | "dpp";

/** Candidates of one answer, best first. */
export interface Ranking {
  /** By candidate. */
  readonly scores: ArrayLike<number>;
  /** candidates × dims, unit vectors, zeros for one that has none. Absent: the order stays, and caps alone count. */
  readonly vectors?: { readonly values: Float32Array; readonly dims: number };
}

/** Options of {@link rerank}. */
export interface RerankOptions {
  /** How many to choose. */
  readonly limit: number;
  /** 0: the ranking as it is, to 1: what was picked before alone counts. @default 0 */
  readonly diversity?: number;
  /** @default "mmr" */
  readonly method?: DiversityMethod;
  /** @default none */
  readonly caps?: readonly Cap[];
  /**
   * So many of the best compete with each other; the others follow behind them in their order.
   * @default all
   */
  readonly competing?: number;
  /** So many places are competed for, which bounds the work to places × candidates; then scores decide. @default 100 */
  readonly places?: number;
}

/**
 * Chooses from a ranking so that what is alike does not crowd the answer.
 *
 * The next pick is always the candidate that adds most and that every cap allows; equals in the order of the ranking.
 *
 * @param ranking Candidates, best first.
 * @param options How many, how diverse, which caps.
 * @returns Positions in the ranking, each at most once, in their new order: as many as asked for while caps allow.
 * @throws RangeError When `diversity` is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { rerank } from "futago";
 * const values = Float32Array.of(1, 0, 1, 0, 0, 1); // the first two are the same
 * rerank({ scores: [0.9, 0.8, 0.7], vectors: { values, dims: 2 } }, { limit: 2, diversity: 0.5 }); // [0, 2]
 * rerank({ scores: [0.9, 0.8, 0.7] }, { limit: 2 }); // [0, 1]
 * ```
 */
export function rerank({ scores, vectors }: Ranking, options: RerankOptions): number[] {
  const { limit, diversity = 0, method = "mmr", caps = [], places = 100 } = options;
  if (!(diversity >= 0 && diversity <= 1)) {
    throw new RangeError(
      `Cannot choose as diversity must be a number from 0 to 1: current value is ${diversity}`,
    );
  }
  const competing = Math.min(options.competing ?? scores.length, scores.length);
  const gain = gainOf(
    { relevance: relevanceOf(scores, competing), vectors: vectors?.values ?? none, dims: vectors?.dims ?? 0 },
    { diversity: vectors === undefined ? 0 : diversity, method },
  );
  const count = countCaps(caps);
  const left = Array.from({ length: scores.length }, (_, i) => i);
  const chosen: number[] = [];
  while (chosen.length < limit) {
    const contested = gain !== undefined && chosen.length < places;
    let best = -1;
    for (const [at, candidate] of left.entries()) {
      if (best >= 0 && (!contested || candidate >= competing)) break;
      if (!count.allows(candidate)) continue;
      if (best < 0 || gain!.of(candidate) > gain!.of(left[best]!)) best = at;
    }
    if (best < 0) break;
    const [pick] = left.splice(best, 1);
    chosen.push(pick!);
    count.chosen(pick!);
    if (contested && pick! < competing) gain.picked(pick!);
  }
  return chosen;
}

const none = new Float32Array(0);

function gainOf(
  pool: Pool,
  { diversity, method }: { readonly diversity: number; readonly method: DiversityMethod },
): Gain | undefined {
  if (diversity === 0) return undefined;
  return method === "mmr" ? mmrGain(pool, diversity) : dppGain(pool, diversity);
}

// r_i = (score_i − lowest) / (highest − lowest): on one scale whatever the scores are.
function relevanceOf(scores: ArrayLike<number>, count: number): Float64Array {
  const relevance = Float64Array.from({ length: count }, (_, i) => scores[i]!);
  const highest = relevance.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const lowest = relevance.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const width = highest - lowest;
  return relevance.map((score) => (width > 0 ? (score - lowest) / width : 0));
}
