import type { Clock } from "../../base/mod.ts";
import type { CatalogueStore, Item, PersonHistory } from "../../catalogue/mod.ts";
import type { VectorStore } from "../../embeddings/mod.ts";
import type { AnswerSource } from "../answer.ts";
import { isDatabaseAway } from "../faults.ts";
import type { ServingState } from "../serving-models.ts";
import { causesByLinear, causesByPopularity, causesByTowers, type ScoreCauses } from "./contributions.ts";
import { type Reason, reasonsFor } from "./reasons.ts";
import type { ReasonLanguage } from "./wording.ts";

/** What explaining works with. */
export interface ReasonDeps {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  /** The moment that a viewer's history is read at. */
  readonly asOf: (history: PersonHistory) => number;
}

/** An answer as far as reasons need it, and from what it came. */
export interface Explained {
  readonly source: AnswerSource;
  readonly found: readonly { readonly itemId: string; readonly score: number }[];
  readonly state: ServingState;
  readonly history: PersonHistory;
  /** Asked between items of the towers: once it says so, the rest is left out. */
  readonly enough?: () => boolean;
}

/** How long the reasons of one answer may take, in milliseconds: towers that read a sequence take long without a native runtime. */
const reasonsWithin = 1000;

/** Most reasons that come with one recommendation. */
const mostReasons = 3;

/**
 * What moved the scores of an answer, by whoever gave them.
 *
 * @param answer The answer, the models and the history it came from.
 * @param deps Stores.
 * @returns The causes of each score; none of what only follows because as many were asked for.
 * @throws FutagoError `model_unsupported` where the version cannot say.
 */
export async function causesOf(answer: Explained, deps: ReasonDeps): Promise<readonly ScoreCauses[]> {
  const { source, found, state, history, enough } = answer;
  const itemIds = found.map(({ itemId }) => itemId);
  if (source === "linear" && state.fallback !== undefined) {
    const likes = history.events.filter(({ kind }) => kind === "like");
    return causesByLinear(state.fallback, { likedIds: likes.map(({ itemId }) => itemId), itemIds });
  }
  if (source === "popularity" || state.model === undefined) {
    return found.map(({ score }) => causesByPopularity(score));
  }
  const byId = await deps.vectors.itemVectors(state.model.version, itemIds);
  const known = itemIds.filter((id) => byId.has(id));
  const causes = await causesByTowers(state.model, {
    ...{ history, asOf: deps.asOf(history), vectors: known.map((id) => byId.get(id)!), enough },
  });
  const byItem = new Map(causes.map((own, i) => [known[i]!, own]));
  return found.map(({ itemId, score }) => byItem.get(itemId) ?? { score, contributions: [], features: {} });
}

/**
 * The reasons for each item of an answer. An answer is worth having without its reasons: where a version cannot give them,
 * or something goes wrong with them, there are none; where they take long, the best items alone have any.
 *
 * @param answer The answer, the models and the history it came from; the language.
 * @param deps Stores, and what says how long it takes.
 * @returns Reasons by item, of those that have any; undefined where there are none to be had.
 * @throws FutagoError Where the database gives no answer.
 */
export async function answerReasons(
  answer: Explained & { readonly lang: ReasonLanguage },
  deps: ReasonDeps & { readonly clock: Clock },
): Promise<ReadonlyMap<string, readonly Reason[]> | undefined> {
  const { found, history, lang } = answer;
  try {
    const until = deps.clock.now() + reasonsWithin;
    const causes = await causesOf({ ...answer, enough: () => deps.clock.now() > until }, deps);
    const ids = found.map(({ itemId }) => itemId);
    const items = await itemsById(deps.store, ids);
    const blocks = await deps.store.blocks(history.person.id);
    const options = { history, blocks, lang, most: mostReasons, against: false };
    return new Map(ids.map((id, i) => [id, reasonsFor(items.get(id), causes[i]!, options)]));
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    return undefined;
  }
}

/**
 * Items of a catalogue by their ids.
 *
 * @param store Where they are.
 * @param ids Which.
 * @returns Those that exist.
 */
export async function itemsById(
  store: CatalogueStore,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Item>> {
  const items = new Map<string, Item>();
  for await (const page of store.items({ ids })) for (const item of page) items.set(item.id, item);
  return items;
}
