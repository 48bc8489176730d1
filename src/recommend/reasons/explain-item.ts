import { isFutagoError } from "../../base/mod.ts";
import type { PersonHistory } from "../../catalogue/mod.ts";
import type { ItemFilter, Standing } from "../../embeddings/mod.ts";
import type { LoadedModel } from "../../registry/mod.ts";
import type { AnswerSource, Recommendation } from "../answer.ts";
import type { ServingState } from "../serving-models.ts";
import { type ItemValue, itemValue, type Valuing } from "../value/valuing.ts";
import type { Variety } from "../variety.ts";
import { wholeHistory } from "../without-towers.ts";
import { causesOf, itemsById, type ReasonDeps } from "./answer-reasons.ts";
import type { ScoreCauses } from "./contributions.ts";
import { type Obstacle, obstaclesOf } from "./obstacles.ts";
import { type Reason, reasonsFor } from "./reasons.ts";
import type { ReasonLanguage } from "./wording.ts";

/** Options of `InferenceEngine.explain`: of the answer in question, and how its reasons are put. */
export interface ExplainOptions extends Variety {
  /** As for `RecommendOptions`. @default 20 */
  readonly limit?: number;
  readonly exclude?: readonly string[];
  readonly filter?: ItemFilter;
  /** As for `RecommendOptions`. @default false */
  readonly ageConfirmed?: boolean;
  /** @default "en" */
  readonly lang?: ReasonLanguage;
}

/** Why an item stands where it does for a viewer, and why it is not in an answer. */
export interface Explanation {
  readonly itemId: string;
  readonly modelVersion: string | null;
  /** Who gave the score. */
  readonly source: AnswerSource;
  /** Whether an answer to the same request holds it. */
  readonly shown: boolean;
  /** As in {@link Recommendation}; null where there is none. */
  readonly score: number | null;
  /**
   * Its place by score, from 1, among all that could be shown to this viewer, or the place it would have; null where nobody
   * can say: the towers know it of every item with a vector, the others of what they show.
   */
  readonly rank: number | null;
  /** What it is worth by the formula, and what each part of that adds; absent where similarity ranks. */
  readonly value?: ItemValue;
  /** What keeps it out; empty exactly where it is shown. */
  readonly obstacles: readonly Obstacle[];
  /** What moved the score, the heaviest first; absent where there is no score, or the version cannot say. */
  readonly reasons?: readonly Reason[];
  /** What of the score the reasons do not name: they and this add up to it. */
  readonly rest?: number;
  /** Contributions by feature of the user tower, those pooled from the past too. */
  readonly features?: Readonly<Record<string, number>>;
}

/** What {@link explainItem} is asked. */
export interface ExplainQuery {
  readonly itemId: string;
  readonly history: PersonHistory;
  readonly state: ServingState;
  readonly limit: number;
  readonly exclude: readonly string[];
  readonly filter: ItemFilter | undefined;
  readonly lang: ReasonLanguage;
  /** What ranks, if not similarity. */
  readonly valuing: Valuing | undefined;
  /** What the viewer gets. */
  readonly answer: {
    readonly source: AnswerSource;
    readonly recommendations: readonly Recommendation[];
  };
}

/** What explaining one item works with. */
export interface ExplainDeps extends ReasonDeps {
  readonly vectorOf: (model: LoadedModel, history: PersonHistory) => Promise<Float32Array>;
}

/** Most reasons that one explanation names. */
const mostReasons = 20;

/**
 * Explains one item to one viewer.
 *
 * @param query Which, to whom, and what they get.
 * @param deps Stores and towers.
 * @returns Its place, its reasons and what keeps it out.
 */
export async function explainItem(query: ExplainQuery, deps: ExplainDeps): Promise<Explanation> {
  const { itemId, history, state, limit, exclude, filter, lang, answer } = query;
  const { store } = deps;
  const personId = history.person.id;
  const item = (await itemsById(store, [itemId])).get(itemId);
  const blocks = await store.blocks(personId);
  const past = await store.history(personId, { limit: wholeHistory });
  const deeds = past?.events.filter((event) => event.itemId === itemId) ?? [];
  const lasting = obstaclesOf(item, { deeds, blocks, exclude, filter });
  const { source } = answer;
  const about = { itemId, modelVersion: state.version, source };
  // Of what is not there, or not any more, nothing is told.
  if (item === undefined || item.withdrawn === true) {
    return { ...about, shown: false, score: null, rank: null, obstacles: lasting };
  }
  const place = answer.recommendations.find((shown) => shown.itemId === itemId);
  const byTowers = source === "two_tower" || source === "previous_version";
  const standing = byTowers ? await standingOf(query, deps) : undefined;
  const value = standing && (await valueFor(query, standing, deps));
  const rank = standing?.rank ?? (byTowers ? null : (place?.rank ?? null));
  const causes = byTowers && standing === undefined ? undefined : await causesOrNone(query, deps, place);
  const score = standing?.score ?? place?.score ?? (source === "linear" ? causes?.score : undefined) ?? null;
  const open = (): readonly Obstacle[] => {
    if (place !== undefined) return [];
    if (lasting.length > 0) return lasting;
    if (byTowers && standing === undefined) return ["no_vector"];
    if (rank === null || rank > limit) return ["below_limit"];
    if (value === undefined) return ["variety"];
    // Where something worth less is shown, it was not the formula that had no place left for this one.
    const lesser = answer.recommendations.some((one) => (one.value ?? value.total) < value.total);
    return lesser ? ["variety"] : ["value"];
  };
  const outcome = {
    ...{ ...about, shown: place !== undefined, score, rank, obstacles: open() },
    ...(value && { value }),
  };
  if (causes === undefined || score === null) return outcome;
  const reasons = reasonsFor(item, causes, { history, blocks, lang, most: mostReasons, against: true });
  const rest = reasons.reduce((left, { contribution }) => left - contribution, score);
  return { ...outcome, reasons, rest, features: causes.features };
}

async function standingOf(
  { itemId, history, state, exclude, filter }: ExplainQuery,
  { vectors, vectorOf }: ExplainDeps,
): Promise<(Standing & { readonly user: Float32Array }) | undefined> {
  if (state.model === undefined) return undefined;
  const user = await vectorOf(state.model, history);
  const search = { version: state.model.version, vector: user, personId: history.person.id, exclude };
  const standing = await vectors.rank({ ...search, itemId, ...(filter && { filter }) });
  return standing && { ...standing, user };
}

async function valueFor(
  { itemId, state, valuing }: ExplainQuery,
  { user, score }: { readonly user: Float32Array; readonly score: number },
  { vectors }: ExplainDeps,
): Promise<ItemValue | undefined> {
  if (valuing === undefined || state.model === undefined) return undefined;
  const item = (await vectors.itemVectors(state.model.version, [itemId])).get(itemId);
  return item && itemValue(valuing, { user, item, similarity: score });
}

async function causesOrNone(
  { itemId, history, state, answer: { source } }: ExplainQuery,
  deps: ExplainDeps,
  place: Recommendation | undefined,
): Promise<ScoreCauses | undefined> {
  const found = [{ itemId, score: place?.score ?? 0 }];
  try {
    return (await causesOf({ source, found, state, history }, deps))[0];
  } catch (error) {
    if (isFutagoError(error) && error.code === "model_unsupported") return undefined;
    throw error;
  }
}
