import type { CatalogueStore, Item } from "../catalogue/mod.ts";
import type { Neighbour, VectorStore } from "../embeddings/mod.ts";
import type { Cap } from "./diversity/caps.ts";
import { type DiversityMethod, rerank } from "./diversity/rerank.ts";
import { type Newcomer, withNewcomers } from "./newcomers.ts";
import { byValue, type Valued } from "./value/by-value.ts";
import type { Valuing } from "./value/valuing.ts";

/** How much an answer is to vary. */
export interface Variety {
  /** 0: the best, whatever they are like, to 1: the most different among them. @default 0 */
  readonly diversity?: number;
  /** How: by maximal marginal relevance, or by a determinantal point process. @default "mmr" */
  readonly method?: DiversityMethod;
  /**
   * At most so many items, from 1, of one value of a field of theirs: `{ maker: 2, performers: 1 }`. Fewer may come than were
   * asked for, where the best thousand hold no more that fit.
   * @default none
   */
  readonly caps?: Readonly<Record<string, number>>;
}

/** A ranking to choose from: of the first `scored` the scores say how good they are; the others only follow. */
export interface Found {
  readonly found: readonly (Valued & { readonly explored?: true })[];
  readonly scored: number;
  /** The viewer's vector, where the towers gave the scores: what a formula reads besides those of the items. */
  readonly user?: Float32Array;
  /** To be put among those that are chosen. */
  readonly newcomers?: readonly Newcomer[];
}

/** Most candidates there are to choose from. */
const largestPool = 1000;

/**
 * One variety from what was asked for and what holds otherwise.
 *
 * @param asked What a request says.
 * @param defaults What holds where it says nothing.
 * @returns Both in one.
 * @throws RangeError For a diversity that is not from 0 to 1, or a cap that is no whole number from 1.
 */
export function resolveVariety(asked: Variety, defaults: Variety = {}): Required<Variety> {
  const diversity = asked.diversity ?? defaults.diversity ?? 0;
  const method = asked.method ?? defaults.method ?? "mmr";
  const caps = { ...defaults.caps, ...asked.caps };
  if (!(diversity >= 0 && diversity <= 1)) {
    throw new RangeError(
      `Cannot recommend as diversity must be a number from 0 to 1: current value is ${diversity}`,
    );
  }
  for (const [field, most] of Object.entries(caps)) {
    if (Number.isInteger(most) && most >= 1) continue;
    throw new RangeError(
      `Cannot recommend as the cap of "${field}" must be a whole number from 1: current value is ${most}`,
    );
  }
  return { diversity, method, caps };
}

/** Options of {@link chooseVaried}. */
export interface ChoiceOptions {
  /** How many are wanted. */
  readonly limit: number;
  readonly variety: Required<Variety>;
  /** What the candidates of towers are worth. @default their similarity */
  readonly valuing?: Valuing | undefined;
}

/** What {@link chooseVaried} works with. */
export interface VarietySource {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  /** Whose item vectors tell what is alike; absent: caps alone are kept. */
  readonly version: string | undefined;
  /** Runs a query without which there is an answer, too: undefined where it failed. */
  readonly tolerant: <T>(ask: () => Promise<T>) => Promise<T | undefined>;
}

/**
 * Asks for more than is wanted and chooses from it; asks for just what is wanted where nothing is to vary and similarity alone
 * ranks.
 *
 * @param retrieve Gives so many, best first.
 * @param options How many are wanted, what they are worth, and how they vary.
 * @param source Where vectors and fields are read: those of all candidates in one query each.
 * @returns What `retrieve` gave, with the choice as `found`.
 */
export async function chooseVaried<Answer extends Found>(
  retrieve: (size: number) => Promise<Answer>,
  options: ChoiceOptions,
  source: VarietySource,
): Promise<Answer> {
  const { limit, variety, valuing } = options;
  const capped = Object.keys(variety.caps).length > 0;
  if (variety.diversity === 0 && !capped && valuing === undefined) {
    const all = await retrieve(limit);
    return { ...all, found: withNewcomers(all.found, all.newcomers ?? []).slice(0, limit) };
  }
  const pool = Math.min(4 * limit, largestPool);
  for (let size = pool; ; size = largestPool) {
    const answer = await retrieve(size);
    const { user } = answer;
    const worth = valuing && user && { valuing, user };
    const vectors =
      variety.diversity === 0 && worth === undefined ? undefined : await vectorsOf(answer.found, source);
    const asFound = { found: answer.found, competing: Math.min(answer.scored, pool) };
    const { found, competing } =
      worth === undefined || vectors === undefined
        ? asFound
        : byValue(asFound.found, { ...worth, vectors, competing: asFound.competing });
    const ids = found.map(({ itemId }) => itemId);
    const scores = found.map(({ score, value }) => value ?? score);
    const chosen = rerank(
      { scores, ...(vectors && variety.diversity > 0 && { vectors: matrixOf(ids, vectors) }) },
      {
        limit,
        diversity: variety.diversity,
        method: variety.method,
        competing,
        caps: capped ? await capsOf(ids, variety.caps, source) : [],
      },
    );
    // Caps may leave too few of a small pool; beyond the largest there is no more to be had.
    if (chosen.length >= limit || found.length < size || size >= largestPool) {
      const all = withNewcomers(
        chosen.map((at) => found[at]!),
        answer.newcomers ?? [],
      );
      if (!capped || all.length === chosen.length) return { ...answer, found: all.slice(0, limit) };
      // With new ones among them caps are counted anew.
      const together = all.map(({ itemId }) => itemId);
      const caps = await capsOf(together, variety.caps, source);
      const kept = rerank({ scores: all.map(({ score }) => score) }, { limit, caps });
      return { ...answer, found: kept.map((at) => all[at]!) };
    }
  }
}

/**
 * The values of a field, as caps count them.
 *
 * @param fields Of an item, or what is known of it.
 * @param field Its name.
 * @returns A name alone as a list of one; nothing for what is neither a name nor a list of names.
 */
export function namesIn(fields: Readonly<Record<string, unknown>>, field: string): readonly string[] {
  const value = fields[field];
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

async function vectorsOf(
  found: readonly Neighbour[],
  { vectors, version, tolerant }: VarietySource,
): Promise<ReadonlyMap<string, Float32Array> | undefined> {
  if (version === undefined || found.length === 0) return undefined;
  const ids = found.map(({ itemId }) => itemId);
  const byId = await tolerant(() => vectors.itemVectors(version, ids));
  return byId !== undefined && byId.size > 0 ? byId : undefined;
}

function matrixOf(
  ids: readonly string[],
  byId: ReadonlyMap<string, Float32Array>,
): { readonly values: Float32Array; readonly dims: number } {
  const dims = byId.values().next().value!.length;
  const values = new Float32Array(ids.length * dims);
  for (const [at, id] of ids.entries()) {
    const vector = byId.get(id);
    if (vector !== undefined) values.set(vector, at * dims);
  }
  return { values, dims };
}

async function capsOf(
  ids: readonly string[],
  caps: Readonly<Record<string, number>>,
  { store, tolerant }: VarietySource,
): Promise<Cap[]> {
  const items = new Map<string, Item>();
  await tolerant(async () => {
    for await (const page of store.items({ ids })) for (const item of page) items.set(item.id, item);
  });
  return Object.entries(caps).map(([field, most]) => ({
    most,
    valuesOf: (at: number) => namesIn(items.get(ids[at]!)?.fields ?? {}, field),
  }));
}
