import { type Answer, ranked } from "./answer.ts";
import { type ChainDeps, type ChainQuery, retrieve, type Sourced } from "./retrieve.ts";
import { type ChoiceOptions, chooseVaried, type Variety } from "./variety.ts";

/** What is asked for, whoever answers. */
export type Asked = Pick<ChainQuery, "limit" | "exclude" | "filter"> & {
  readonly variety: Required<Variety>;
};

/** What an answer is made with beside its candidates. */
export interface AnswerOf {
  /** The version that it names; null where none is active. */
  readonly version: string | null;
  /** Whose item vectors tell what is alike. */
  readonly alike: string | undefined;
  /** What the candidates of towers are worth. */
  readonly valuing: ChoiceOptions["valuing"];
}

/**
 * An answer by the first link of the chain that has one.
 *
 * @param who The viewer, and what scores for them.
 * @param asked How many, and which not.
 * @param options Stores, and what the answer is made with.
 * @returns The answer.
 */
export function answerByChain(
  who: Pick<ChainQuery, "history" | "viewer" | "fallback">,
  { limit, variety, ...where }: Asked,
  options: { readonly of: AnswerOf; readonly chain: ChainDeps },
): Promise<Answer> {
  const { of, chain } = options;
  return variedAnswer({ limit, variety }, { of, chain }, (size) =>
    retrieve({ ...who, ...where, limit: size, places: limit }, chain),
  );
}

/**
 * An answer chosen from candidates.
 *
 * @param asked How many, and how they vary.
 * @param options Stores, and what the answer is made with.
 * @param found Gives so many candidates, best first.
 * @returns The answer.
 */
export async function variedAnswer(
  asked: Pick<Asked, "limit" | "variety">,
  { of, chain }: { readonly of: AnswerOf; readonly chain: Omit<ChainDeps, "exploration" | "now"> },
  found: (size: number) => Promise<Sourced>,
): Promise<Answer> {
  const { store, vectors, orNextLink } = chain;
  const source = { store, vectors, version: of.alike, tolerant: orNextLink };
  const chosen = await chooseVaried(found, { ...asked, valuing: of.valuing }, source);
  return { recommendations: ranked(chosen.found), modelVersion: of.version, source: chosen.source };
}
