import type { Clock } from "../base/mod.ts";
import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import type { Neighbour, VectorStore } from "../embeddings/mod.ts";
import type { LoadedModel } from "../registry/mod.ts";
import { admitViewer } from "./admit-viewer.ts";
import { type Answer, type AnswerSource, bestFirst } from "./answer.ts";
import { type Asked, answerByChain, variedAnswer } from "./answer-chain.ts";
import {
  admittedViewers,
  type ReadStoredViewer,
  storedViewerReader,
  vectorBeforeOpening,
  viewerBeforeOpening,
} from "./before-opening.ts";
import { type EmbeddedItems, embedItems } from "./embed-items.ts";
import { codeOf, type EngineObserver, Faults, isDatabaseAway } from "./faults.ts";
import type { Exploration } from "./newcomers.ts";
import type { TakenDown } from "./popular-snapshot.ts";
import type { Explained } from "./reasons/answer-reasons.ts";
import type { ExplainOptions, Explanation } from "./reasons/explain-item.ts";
import type { ReasonLanguage } from "./reasons/wording.ts";
import type { RecommendOptions, ScoreOptions } from "./recommend-options.ts";
import { type ChainDeps, hasTaste, type ViewerVector } from "./retrieve.ts";
import { opened, ServingModels, type ServingModelsDeps, type ServingState } from "./serving-models.ts";
import { type EmbeddedPerson, storeViewerVector } from "./store-viewer-vector.ts";
import type { ValueFormula } from "./value/value-formula.ts";
import { Valuation } from "./value/valuing.ts";
import { resolveVariety, type Variety } from "./variety.ts";
import { type MemoryQuery, WithoutDatabase, type WithoutDatabaseOptions } from "./without-database.ts";
import { scoreCandidatesWithoutTowers } from "./without-towers.ts";

/** What {@link createInferenceEngine} works with. */
export interface InferenceEngineDeps extends ServingModelsDeps {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly clock: Clock;
  /** Reads in one query what answers before a version is open. @default the stores, one after the other */
  readonly readStoredViewer?: ReadStoredViewer;
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

/** Events that are read where no towers say how many they want. */
const historyWithoutTowers = 500;

/** How an answer is come by. */
interface Asking {
  /** Without the towers, while they are not open yet; undefined where it takes them. */
  readonly early?: () => Promise<Answer | undefined>;
  readonly ask: (state: ServingState) => Promise<Answer>;
}

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
  const storedViewer = admittedViewers(deps.readStoredViewer ?? storedViewerReader(deps), memory);

  async function historyOf(
    personId: string,
    {
      model,
      limit = model?.towers.historyEvents ?? historyWithoutTowers,
      ageConfirmed = false,
    }: {
      readonly model?: LoadedModel | undefined;
      readonly limit?: number;
      readonly ageConfirmed?: boolean;
    },
  ): Promise<PersonHistory> {
    const known = memory.reading(personId);
    const history = await store.history(personId, { limit });
    known(history);
    return admitViewer(personId, history, ageConfirmed);
  }

  // An event stamped by a clock a little ahead of ours counts all the same.
  const asOf = (history: PersonHistory): number =>
    Math.max(clock.now(), (history.events.at(-1)?.at ?? 0) + 1);

  const chain = (): ChainDeps => {
    const { exploration = {} } = deps;
    return { store, vectors, orNextLink, exploration, now: clock.now() };
  };

  async function vectorOf(model: LoadedModel, history: PersonHistory): Promise<Float32Array> {
    return model.towers.embedHistories([history], { asOf: asOf(history) });
  }

  async function withReasons(answer: Answer, of: Omit<Explained, "source" | "found">, lang?: ReasonLanguage) {
    if (lang === undefined) return answer;
    const { source, recommendations: found } = answer;
    const { answerReasons } = await import("./reasons/answer-reasons.ts");
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
    const asked = { limit, exclude, variety, ...where };
    // Reasons and a formula read what only the bundle holds.
    const early = lang === undefined && deps.value === undefined;
    return orFromMemory(
      personId,
      { ...asked, ...proof },
      {
        ...(early && {
          early: () => answerBeforeOpening(personId, { ...asked, ...proof }),
        }),
        ask: async (state) => {
          const history = await historyOf(personId, { model: state.model, ...proof });
          const answer = await answerFor({ history, state }, asked);
          return withReasons(answer, { history, state }, lang);
        },
      },
    );
  }

  /** By the towers of a state, as far as they are open. */
  function answerFor(
    { history, state }: { readonly history: PersonHistory; readonly state: ServingState },
    asked: Asked,
  ): Promise<Answer> {
    const { model, source, version, fallback } = state;
    const viewer: ViewerVector | undefined =
      model !== undefined && source !== "none" && hasTaste(history, model)
        ? { version: model.version, source, make: () => vectorOf(model, history) }
        : undefined;
    const of = { version, alike: model?.version, valuing: valuation.of(model) };
    return answerByChain({ history, viewer, fallback }, asked, { of, chain: chain() });
  }

  async function answerBeforeOpening(
    personId: string,
    { ageConfirmed, ...asked }: Asked & Pick<RecommendOptions, "ageConfirmed">,
  ): Promise<Answer | undefined> {
    const found = await storedViewer(personId, ageConfirmed);
    const who = found && (await viewerBeforeOpening(found, vectors));
    if (found === undefined || who === undefined) return undefined;
    const { version } = found.active;
    const of = { version, alike: version, valuing: undefined };
    const answer = await answerByChain({ ...who, fallback: undefined }, asked, { of, chain: chain() });
    // The linear model, which may know more than popularity, lies in the bundle.
    return who.viewer === undefined || answer.source === "two_tower" ? answer : undefined;
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
      const { explainItem } = await import("./reasons/explain-item.ts");
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
    const ask = async (state: ServingState): Promise<Answer> => {
      const history = await historyOf(personId, { model: state.model, ageConfirmed });
      const { model, source, fallback } = state;
      const valuing = valued ? valuation.of(model) : undefined;
      const answer = async (by: AnswerSource, scored: readonly Neighbour[], user?: Float32Array) => {
        const all = { source: by, found: bestFirst(scored), scored: scored.length, ...(user && { user }) };
        const of = { version: state.version, alike: model?.version, valuing };
        const chosen = await variedAnswer({ limit: topK, variety }, { of, chain: chain() }, async () => all);
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
    };
    return orFromMemory(personId, { limit: topK, candidates, variety, ageConfirmed }, { ask });
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

  async function orFromMemory(personId: string, query: MemoryQuery, { early, ask }: Asking): Promise<Answer> {
    try {
      const answer =
        (early && (await models.beforeOpening(early))) ??
        (await models.use((state) => {
          if (state.failure === undefined) faults.works("opening");
          else faults.broken("opening", state.failure);
          return ask(state);
        }));
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

  async function storePersonVector(
    personId: string,
    options: Pick<RecommendOptions, "ageConfirmed"> = {},
  ): Promise<EmbeddedPerson> {
    const current = await models.beforeOpening(async () => {
      const found = await storedViewer(personId, options.ageConfirmed);
      return found && vectorBeforeOpening(found);
    });
    if (current !== undefined) return current;
    return models.use(async ({ model }) => {
      const history = await historyOf(personId, { model, ...options });
      const towers = opened(model);
      return storeViewerVector(history, { towers, vectors, vector: await vectorOf(towers, history) });
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
