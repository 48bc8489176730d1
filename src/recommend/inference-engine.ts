import { type Clock, FutagoError, isFutagoError } from "../base/mod.ts";
import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import { historyContentHash, type Neighbour, type VectorStore } from "../embeddings/mod.ts";
import type { LoadedModel } from "../registry/mod.ts";
import { type Answer, type AnswerSource, bestFirst, ranked } from "./answer.ts";
import { type EmbeddedItems, embedItems } from "./embed-items.ts";
import { codeOf, type EngineObserver, Faults, isDatabaseAway } from "./faults.ts";
import type { Exploration } from "./newcomers.ts";
import type { TakenDown } from "./popular-snapshot.ts";
import { answerReasons, type Explained } from "./reasons/answer-reasons.ts";
import { type ExplainOptions, type Explanation, explainItem } from "./reasons/explain-item.ts";
import type { ReasonLanguage } from "./reasons/wording.ts";
import type { RecommendOptions, ScoreOptions } from "./recommend-options.ts";
import { type ChainQuery, hasTaste, retrieve, type Sourced } from "./retrieve.ts";
import { ServingModels, type ServingModelsDeps, type ServingState } from "./serving-models.ts";
import type { ValueFormula } from "./value/value-formula.ts";
import { Valuation } from "./value/valuing.ts";
import { type ChoiceOptions, chooseVaried, resolveVariety, type Variety } from "./variety.ts";
import { type MemoryQuery, WithoutDatabase, type WithoutDatabaseOptions } from "./without-database.ts";
import { scoreCandidatesWithoutTowers } from "./without-towers.ts";

/** What {@link createInferenceEngine} works with. */
export interface InferenceEngineDeps extends ServingModelsDeps {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly clock: Clock;
  /** What is kept for the time in which the database gives no answer. */
  readonly withoutDatabase?: WithoutDatabaseOptions;
  /** Told what breaks and what works again. */
  readonly observer?: EngineObserver;
  /**
   * What ranks the candidates of the towers, before an answer is made to vary; by similarity while the version that answers
   * lacks a head that it weighs.
   * @default similarity alone
   */
  readonly value?: ValueFormula | undefined;
  /** How answers vary where a request does not say. @default not at all */
  readonly variety?: Variety;
  /** What new items are given of every answer of the towers. @default nothing */
  readonly exploration?: Exploration;
}

/** Answers what a person will like. */
export interface InferenceEngine {
  /** The items a person will like most, best first, from what they did up to this moment. */
  recommend(personId: string, options?: RecommendOptions): Promise<Answer>;
  /** Ranks given items for a person. */
  score(personId: string, candidates: readonly string[], options?: ScoreOptions): Promise<Answer>;
  /** Why an item stands where it does for a person, and what keeps it out of their answer. */
  explain(personId: string, itemId: string, options?: ExplainOptions): Promise<Explanation>;
  /** Computes a person's vector under the model that serves now, and stores it. */
  storePersonVector(
    personId: string,
    options?: Pick<RecommendOptions, "ageConfirmed">,
  ): Promise<EmbeddedPerson>;
  /** Computes the vectors of given items under the model that serves now, and stores them. */
  embedItems(ids: readonly string[]): Promise<EmbeddedItems>;
  /** Looks for a newly promoted version now instead of within `refreshMs`. */
  refresh(): Promise<void>;
  /** {@link refresh}, trying again at once what failed to open before; then {@link status}. */
  reload(): Promise<EngineStatus>;
  /** Drops whatever this process remembers of a person, such as an age it has seen confirmed. */
  forget(personId: string): void;
  /** Drops what was taken down, an item or everything of a performer, from what is answered without the database. */
  withdraw(what: TakenDown): void;
  /** What answers now a viewer with a history. */
  status(): Promise<EngineStatus>;
  close(): Promise<void>;
}

/** Who answers a viewer with a history, and under which version; null where none is active. */
export interface EngineStatus {
  readonly source: AnswerSource;
  readonly version: string | null;
}

/** A person's vector and where it belongs. */
export interface EmbeddedPerson {
  readonly version: string;
  /** Unit length. */
  readonly vector: Float32Array;
  /** How many events it was computed from. */
  readonly events: number;
  /** False where the database takes no changes now: the vector was computed all the same. */
  readonly stored: boolean;
}

/** Events that are read where no towers say how many they want. */
const historyWithoutTowers = 500;

/** Most items that come with reasons: each is a way back through the tower. */
const mostExplained = 100;

/**
 * Answers from the active model: the person's vector is computed from their latest events at the moment of asking,
 * so that a like changes the very next answer; what lies nearest is what they get. Where the towers cannot answer,
 * the version before, the linear model and popularity do, and the answer says which.
 *
 * @param deps Stores, registry, runtime and clock.
 * @returns The engine. Its methods throw `FutagoError` `age_not_confirmed` for everyone whose age is not confirmed,
 * unknown people included, and `RangeError` for a limit out of range.
 * @throws RangeError For a formula with a part that does not exist or a weight out of range.
 *
 * @example
 * ```ts no-run
 * import { createInferenceEngine, type InferenceEngineDeps } from "futago";
 * declare const deps: InferenceEngineDeps;
 * const engine = createInferenceEngine(deps);
 * const { recommendations, source } = await engine.recommend("viewer-1", { limit: 10 });
 * ```
 */
export function createInferenceEngine(deps: InferenceEngineDeps): InferenceEngine {
  const { store, vectors, clock } = deps;
  const models = new ServingModels(deps);
  const faults = new Faults(clock, deps.observer);
  const memory = new WithoutDatabase(deps, deps.withoutDatabase);
  const valuation = new Valuation(deps.value, deps.observer);

  async function historyOf(
    personId: string,
    {
      model,
      ageConfirmed = false,
    }: { readonly model: LoadedModel | undefined; readonly ageConfirmed?: boolean },
  ): Promise<PersonHistory> {
    const limit = model?.towers.historyEvents ?? historyWithoutTowers;
    const known = memory.reading(personId);
    const history = await store.history(personId, { limit });
    known(history);
    if (history?.person.ageConfirmedAt !== undefined) return history;
    // Somebody new, whose age is proven by other means than a profile.
    if (ageConfirmed)
      return history ?? { person: { id: personId, fields: {} }, events: [], items: new Map() };
    // The same words for unknown people, so that the answer does not tell who has a profile.
    throw new FutagoError(
      "age_not_confirmed",
      "Cannot recommend as the viewer's age must be confirmed: it is not; confirm it and ask again",
    );
  }

  // An event stamped by a clock a little ahead of ours counts all the same.
  const asOf = (history: PersonHistory): number =>
    Math.max(clock.now(), (history.events.at(-1)?.at ?? 0) + 1);

  async function vectorOf(model: LoadedModel, history: PersonHistory): Promise<Float32Array> {
    return model.towers.embedHistories([history], { asOf: asOf(history) });
  }

  async function withReasons(answer: Answer, of: Omit<Explained, "source" | "found">, lang?: ReasonLanguage) {
    if (lang === undefined) return answer;
    const { source, recommendations: found } = answer;
    const reasons = await answerReasons({ ...of, source, found, lang }, { store, vectors, asOf, clock });
    if (reasons === undefined) return answer;
    return {
      ...answer,
      recommendations: found.map((one) => ({ ...one, reasons: reasons.get(one.itemId) ?? [] })),
    };
  }

  async function recommend(personId: string, options: RecommendOptions = {}): Promise<Answer> {
    const { limit = 20, exclude = [], candidates, filter, ageConfirmed, explain: lang } = options;
    const where = filter === undefined ? {} : { filter };
    const proof = ageConfirmed === undefined ? {} : { ageConfirmed };
    const variety = resolveVariety(options, deps.variety);
    const most = lang === undefined ? 1000 : mostExplained;
    if (!Number.isInteger(limit) || limit < 1 || limit > most) {
      throw new RangeError(
        `Cannot recommend as limit must be a whole number from 1 to ${most}${lang === undefined ? "" : " with reasons"}: current value is ${limit}`,
      );
    }
    if (candidates !== undefined) {
      const left = new Set(exclude);
      return rank(
        personId,
        [...new Set(candidates)].filter((id) => !left.has(id)),
        { topK: limit, variety, valued: true, ...proof, ...(lang && { lang }) },
      );
    }
    return orFromMemory(personId, { limit, exclude, variety, ...where, ...proof }, async (state) => {
      const history = await historyOf(personId, { model: state.model, ...proof });
      const answer = await answerFor({ history, state }, { limit, exclude, variety, ...where });
      return withReasons(answer, { history, state }, lang);
    });
  }

  function answerFor(
    who: Pick<ChainQuery, "history" | "state">,
    {
      limit,
      variety,
      ...where
    }: Omit<ChainQuery, "history" | "state" | "places"> & { readonly variety: Required<Variety> },
  ): Promise<Answer> {
    const { exploration = {} } = deps;
    const chain = { store, vectors, vectorOf, orNextLink, exploration, now: clock.now() };
    const valuing = valuation.of(who.state.model);
    return varied(who.state, { limit, variety, valuing }, (size) =>
      retrieve({ ...who, ...where, limit: size, places: limit }, chain),
    );
  }

  async function explain(
    personId: string,
    itemId: string,
    options: ExplainOptions = {},
  ): Promise<Explanation> {
    const { limit = 20, exclude = [], filter, lang = "en", ageConfirmed } = options;
    const variety = resolveVariety(options, deps.variety);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
      throw new RangeError(
        `Cannot explain as limit must be a whole number from 1 to 1000: current value is ${limit}`,
      );
    }
    return models.use(async (state) => {
      const proof = ageConfirmed === undefined ? {} : { ageConfirmed };
      const history = await historyOf(personId, { model: state.model, ...proof });
      const who = { history, state };
      const asked = { limit, exclude, ...(filter && { filter }) };
      const answer = await answerFor(who, { ...asked, variety });
      const valuing = valuation.of(state.model);
      const query = { ...who, ...asked, filter, itemId, lang, answer, valuing };
      return explainItem(query, { store, vectors, vectorOf, asOf });
    });
  }

  function rank(
    personId: string,
    candidates: readonly string[],
    options: ScoreOptions & {
      readonly topK: number;
      readonly variety: Required<Variety>;
      readonly valued: boolean;
      readonly lang?: ReasonLanguage;
    },
  ): Promise<Answer> {
    const { topK, variety, valued, ageConfirmed = false, lang } = options;
    return orFromMemory(personId, { limit: topK, candidates, variety, ageConfirmed }, async (state) => {
      const history = await historyOf(personId, { model: state.model, ageConfirmed });
      const { model, source, fallback } = state;
      const valuing = valued ? valuation.of(model) : undefined;
      const answer = async (by: AnswerSource, scored: readonly Neighbour[], user?: Float32Array) => {
        const all = { source: by, found: bestFirst(scored), scored: scored.length, ...(user && { user }) };
        const chosen = await varied(state, { limit: topK, variety, valuing }, async () => all);
        return withReasons(chosen, { history, state }, lang);
      };
      if (candidates.length === 0) return answer(source === "none" ? "popularity" : source, []);
      if (model !== undefined && source !== "none" && hasTaste(history, model)) {
        const found = await orNextLink(async () => {
          const vector = await vectorOf(model, history);
          const search = { version: model.version, vector, itemIds: candidates, personId };
          return { vector, scores: await vectors.scores(search) };
        });
        const scored = candidates.flatMap((itemId, i) => {
          const score = found?.scores[i];
          return score === undefined ? [] : [{ itemId, score }];
        });
        if (scored.length > 0) return answer(source, scored, found?.vector);
      }
      const without = { store, vectors, history, candidates };
      const lesser = await scoreCandidatesWithoutTowers(
        fallback === undefined ? without : { ...without, fallback },
      );
      return answer(lesser.source, lesser.scored);
    });
  }

  async function varied(
    { model, version }: ServingState,
    options: ChoiceOptions,
    found: (size: number) => Promise<Sourced>,
  ): Promise<Answer> {
    const alike = { store, vectors, version: model?.version, tolerant: orNextLink };
    const chosen = await chooseVaried(found, options, alike);
    return { recommendations: ranked(chosen.found), modelVersion: version, source: chosen.source };
  }

  // Whatever goes wrong with towers and vectors, be it memory or a partition that is gone, the next link answers;
  // without the database it could not.
  async function orNextLink<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      const found = await ask();
      faults.works("answering");
      return found;
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      faults.broken("answering", codeOf(error));
      return undefined;
    }
  }

  async function orFromMemory(
    personId: string,
    query: MemoryQuery,
    ask: (state: ServingState) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await models.use((state) => {
        if (state.failure === undefined) faults.works("opening");
        else faults.broken("opening", state.failure);
        return ask(state);
      });
      faults.works("database");
      faults.answered(answer.source);
      memory.keep();
      return answer;
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      faults.broken("database", codeOf(error));
      const kept = memory.answer(personId, query);
      if (kept === undefined) throw error;
      faults.answered(kept.source);
      return { ...kept, modelVersion: null };
    }
  }

  function storePersonVector(
    personId: string,
    options: Pick<RecommendOptions, "ageConfirmed"> = {},
  ): Promise<EmbeddedPerson> {
    return models.use(async (state) => {
      const history = await historyOf(personId, { model: state.model, ...options });
      const model = opened(state.model);
      const { version } = model;
      const vector = await vectorOf(model, history);
      const contentHashes = [historyContentHash(history)];
      const events = history.events.length;
      try {
        await vectors.createPartition(version, vector.length);
        await vectors.putUserVectors(version, { ids: [personId], vectors: vector, contentHashes });
      } catch (error) {
        // What is stored is a copy; the next answer computes the vector anew.
        if (!(isFutagoError(error) && error.code === "database_read_only")) throw error;
        return { version, vector, events, stored: false };
      }
      return { version, vector, events, stored: true };
    });
  }

  const status = (): Promise<EngineStatus> =>
    models.use(async ({ source, version, fallback }) => ({
      source: source !== "none" ? source : fallback === undefined ? "popularity" : "linear",
      version,
    }));

  const refresh = async (): Promise<void> => {
    await models.refresh();
    await memory.refresh();
  };

  return Object.freeze<InferenceEngine>({
    recommend,
    score: (personId: string, candidates: readonly string[], options: ScoreOptions = {}) => {
      const unique = [...new Set(candidates)];
      const { topK = Math.max(1, unique.length) } = options;
      if (!Number.isInteger(topK) || topK < 1) {
        throw new RangeError(`Cannot score as topK must be a whole number from 1: current value is ${topK}`);
      }
      return rank(personId, unique, { ...options, topK, variety: resolveVariety({}), valued: false });
    },
    explain,
    storePersonVector,
    embedItems: (ids: readonly string[]) =>
      models.use(({ model }) => embedItems(opened(model), { store, vectors, ids })),
    refresh,
    reload: async () => {
      await refresh();
      return status();
    },
    forget: (personId: string) => memory.forget(personId),
    withdraw: (what: TakenDown) => memory.withdraw(what),
    status,
    close: () => models.close(),
  });
}

function opened(model: LoadedModel | undefined): LoadedModel {
  if (model !== undefined) return model;
  throw new FutagoError(
    "model_missing",
    "Cannot embed as a model must be active: there is none; train one, or promote one with futago models promote",
  );
}
