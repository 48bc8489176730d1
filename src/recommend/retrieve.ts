import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import type { ItemFilter, Neighbour, VectorStore } from "../embeddings/mod.ts";
import { tasteFields } from "../features/mod.ts";
import type { Fallback, LoadedModel } from "../registry/mod.ts";
import type { AnswerSource } from "./answer.ts";
import { chooseNewcomers, type Exploration } from "./newcomers.ts";
import { hasDeclared, popularInTaste } from "./popular-in-taste.ts";
import type { Found } from "./variety.ts";
import { recommendLinear } from "./without-towers.ts";

/** What was found, and by whom. */
export interface Sourced extends Found {
  readonly source: AnswerSource;
}

/** A vector of a viewer, and whose. */
export interface ViewerVector {
  readonly version: string;
  readonly source: "two_tower" | "previous_version";
  /** As the towers of that version make it. */
  make(): Promise<Float32Array>;
}

/** What the chain works with. */
export interface ChainDeps {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  /** Runs a link: undefined where it is broken, so that the next one answers. */
  readonly orNextLink: <T>(ask: () => Promise<T>) => Promise<T | undefined>;
  /** How much is given to new items, and the moment it is. */
  readonly exploration: Exploration;
  readonly now: number;
}

/** Whose recommendations are looked for, and which. */
export interface ChainQuery {
  readonly history: PersonHistory;
  /** Absent where no towers answer, or nothing tells what this viewer likes. */
  readonly viewer: ViewerVector | undefined;
  readonly fallback: Fallback | undefined;
  readonly limit: number;
  /** Places of the answer, which `limit` may be more than. */
  readonly places: number;
  readonly exclude: readonly string[];
  readonly filter?: ItemFilter;
}

/**
 * The chain: towers, then the linear model, then the most liked.
 *
 * @param query Whose and how many.
 * @param deps Stores and towers.
 * @returns Best first, as many as asked for while there are so many.
 */
export async function retrieve(query: ChainQuery, deps: ChainDeps): Promise<Sourced> {
  const { history, viewer, fallback, limit, places, exclude } = query;
  const { store, vectors, orNextLink } = deps;
  const personId = history.person.id;
  const where = { personId, exclude, ...(query.filter && { filter: query.filter }) };
  // Items without a vector yet, or without a neighbour, follow behind everything that was scored.
  const toppedUp = async (found: readonly Neighbour[], score: number): Promise<Found> => {
    const scored = found.length;
    if (scored >= limit) return { found, scored };
    const left = [...exclude, ...found.map(({ itemId }) => itemId)];
    const rest = await vectors.popular({ ...where, limit: limit - scored, exclude: left });
    return { found: [...found, ...rest.map(({ itemId }) => ({ itemId, score }))], scored };
  };
  if (viewer !== undefined) {
    const answered = await orNextLink(async () => {
      const user = await viewer.make();
      const search = { ...where, version: viewer.version, vector: user };
      const found = await vectors.nearest({ ...search, limit });
      const { exploration, now } = deps;
      const newcomers = await chooseNewcomers({ ...search, limit: places, now }, { vectors, exploration });
      return { user, found, newcomers };
    });
    if (answered !== undefined && answered.found.length > 0) {
      const { user, newcomers } = answered;
      return { source: viewer.source, ...(await toppedUp(answered.found, -1)), user, newcomers };
    }
  }
  if (fallback !== undefined && hasTaste(history)) {
    const found = await recommendLinear({ ...where, store, fallback, limit });
    if (found.length > 0) return { source: "linear", ...(await toppedUp(found, 0)) };
  }
  const { taste } = history.person;
  if (taste !== undefined && hasDeclared(history.person)) {
    const widely = Math.min(1000, Math.max(10 * limit, 200));
    const popular = await vectors.popular({ ...where, limit: widely });
    const found = (await popularInTaste(popular, taste, store)).slice(0, limit);
    return { source: "popularity", found, scored: found.length };
  }
  const found = await vectors.popular({ ...where, limit });
  return { source: "popularity", found, scored: found.length };
}

/**
 * Whether something tells what a person likes: a refusal says what they do not want, not what they want.
 *
 * @param history Theirs.
 * @param model Whose features may read what was declared, too; without, what was done alone counts.
 * @returns True where there is something to go by.
 */
export function hasTaste(history: PersonHistory, model?: LoadedModel): boolean {
  if (history.events.some((event) => event.kind !== "nope")) return true;
  return model !== undefined && hasDeclared(history.person, tasteFields(model.towers.features.schema));
}
