import { type Clock, FutagoError, within } from "../base/mod.ts";
import type { Fallback, LoadedModel, ModelSource, ModelVersion, VersionStore } from "../registry/mod.ts";
import { codeOf, type EngineObserver } from "./faults.ts";

/** What stands behind one answer, from its first query to its last: an answer never mixes two of these. */
export interface ServingState {
  /** Absent where no tower could be opened. */
  readonly model?: LoadedModel;
  /** `none`: only the linear model (where `fallback` is present) and popularity are left. */
  readonly source: "two_tower" | "previous_version" | "none";
  /** The version that the answer names; null where none is registered as active. */
  readonly version: string | null;
  readonly fallback?: Fallback;
  /** Why the active version does not serve: a code; absent where it does, or none is active. */
  readonly failure?: string;
}

/** A model could not be opened, and something lesser serves in its place. */
export interface FallbackNotice {
  readonly version: string;
  /** A `FutagoError` code, or `internal`. */
  readonly code: string;
  readonly message: string;
}

/** What {@link ServingModels} works with. */
export interface ServingModelsDeps extends ModelSource {
  readonly versions: VersionStore;
  readonly clock: Clock;
  /** How often the active version is asked for, in milliseconds; 0 asks before every answer. @default 1000 */
  readonly refreshMs?: number;
  /**
   * How long a version that failed to open is left alone at most, in milliseconds: a second at first, then twice as long
   * each time. @default 30000
   */
  readonly retryMs?: number;
  /**
   * How long an answer waits for a version to be opened where no other is open, in milliseconds: then popularity
   * answers, and opening goes on. @default 2000
   */
  readonly openWaitMs?: number;
  /** How long opening may take before it counts as failed, in milliseconds. @default 60000 */
  readonly openTimeoutMs?: number;
  /** Told of every failure to open a version. */
  readonly onFallback?: (notice: FallbackNotice) => void;
  readonly observer?: Pick<EngineObserver, "serving">;
}

/** Towers and how many hold them: what serves now, and every answer under way. Closed when nobody does. */
interface Shared {
  readonly model: LoadedModel;
  holders: number;
}

interface Opening {
  readonly done: Promise<void>;
  /** Rejects once answers have waited long enough; resolves with `done`. */
  readonly awaited: Promise<void>;
}

interface Held {
  readonly key: string;
  readonly state: ServingState;
  readonly shared: Shared | undefined;
  readonly retryAt: number;
}

const noModel: ServingState = Object.freeze({ source: "none", version: null });

/**
 * The models that serve: opens the active version, notices a promotion within `refreshMs`, keeps answering with the
 * old one while the new one is opened, and falls back where a version cannot be opened.
 */
export class ServingModels {
  readonly #deps: ServingModelsDeps;
  #held: Held | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;
  #opening: Opening | undefined;
  #failures = 0;
  #closed = false;

  constructor(deps: ServingModelsDeps) {
    this.#deps = deps;
  }

  /**
   * Runs something with the state of now, which stays open until it ends.
   *
   * @param run What to do.
   * @returns What it returned.
   */
  async use<T>(run: (state: ServingState) => Promise<T>): Promise<T> {
    await this.#check();
    const { state, shared } = this.#held!;
    hold(shared);
    try {
      return await run(state);
    } finally {
      await release(shared);
    }
  }

  /**
   * Asks for what can be told without the towers while they are not open yet: a process that has just started would keep its first
   * callers waiting for a bundle. Opening begins behind it.
   *
   * @param ask Gives undefined where it takes the towers.
   * @returns What it gave; undefined, too, where there are towers or none could be opened.
   */
  async beforeOpening<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#held !== undefined && this.#held.key !== stillOpening) return undefined;
    const told = await ask();
    // Whoever comes next may need them.
    this.#check().catch(() => {});
    return told;
  }

  /** Looks for another active version now, tries again what failed to open, and waits until it serves. */
  async refresh(): Promise<void> {
    // One that began before may be of a version that is not the active one any more.
    await this.#opening?.done.catch(() => {});
    this.#checkedAt = Number.NEGATIVE_INFINITY;
    if (this.#held !== undefined) this.#held = { ...this.#held, retryAt: dueNow(this.#held.retryAt) };
    await this.#check();
    await this.#opening?.done;
  }

  /** Frees the towers. What is being opened frees itself, should it come late. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.awaited.catch(() => {});
    await release(this.#held?.shared);
  }

  async #check(): Promise<void> {
    const { clock, refreshMs = 1000 } = this.#deps;
    if (this.#held !== undefined && clock.now() - this.#checkedAt < refreshMs) return;
    this.#checking ??= this.#look().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async #look(): Promise<void> {
    const active = await this.#deps.versions.active();
    this.#checkedAt = this.#deps.clock.now();
    const held = this.#held;
    const failing = held !== undefined && held.retryAt <= this.#checkedAt;
    if (held !== undefined && held.key === keyOf(active) && !failing) return;
    this.#opening ??= this.#begin(active);
    // With towers at hand nobody waits for the next ones; without any the answer would be a lesser one, and so it would
    // from those of a version that was replaced so long ago that its vectors may be gone.
    const replacedAt = active?.activatedAt ?? this.#checkedAt;
    if (held?.state.model === undefined) await this.#wait(this.#opening, active);
    else if (held.state.source === "two_tower" && this.#checkedAt - replacedAt > replacedMs) {
      await this.#opening.awaited.catch(() => {});
    }
  }

  #begin(active: ModelVersion | undefined): Opening {
    const done = this.#open(active).finally(() => {
      this.#opening = undefined;
    });
    const awaited = within(done, this.#deps.openWaitMs ?? 2000, () => new StillOpening());
    // What fails behind everybody's back is tried again at the next look.
    done.catch(() => {});
    awaited.catch(() => {});
    return { done, awaited };
  }

  async #wait({ awaited }: Opening, active: ModelVersion | undefined): Promise<void> {
    try {
      await awaited;
    } catch (error) {
      if (!(error instanceof StillOpening)) throw error;
      const state = { source: "none", version: active?.version ?? null, failure: "storage_failed" } as const;
      // No version has this key, so that every look asks again whether the opening has ended.
      this.#held ??= { key: stillOpening, state, shared: undefined, retryAt: Number.POSITIVE_INFINITY };
    }
  }

  async #open(active: ModelVersion | undefined): Promise<void> {
    const before = this.#held;
    const state = active === undefined ? noModel : await this.#stateOf(active);
    const failed = active !== undefined && state.source !== "two_tower";
    // The same towers may serve on, now as the previous version.
    const same = before?.shared !== undefined && before.shared.model === state.model;
    const shared = same ? before.shared : state.model && { model: state.model, holders: 0 };
    hold(shared);
    this.#failures = failed ? this.#failures + 1 : 0;
    const retryAfter = Math.min(this.#deps.retryMs ?? 30_000, 1000 * 2 ** (this.#failures - 1));
    const retryAt = failed ? this.#deps.clock.now() + retryAfter : Number.POSITIVE_INFINITY;
    this.#held = { key: keyOf(active), state, shared, retryAt };
    this.#deps.observer?.serving?.(state.version, state.model?.manifest.createdAt);
    await release(before?.shared);
    if (this.#closed) await release(shared);
  }

  async #stateOf(active: ModelVersion): Promise<ServingState> {
    const { model, failure } = await this.#tryLoad(active);
    if (failure === undefined) {
      return { model, source: "two_tower", version: active.version, fallback: model.fallback };
    }
    const previous = await this.#deps.versions.previous();
    const former = previous === undefined ? undefined : (await this.#tryLoad(previous)).model;
    if (former !== undefined) {
      return {
        model: former,
        source: "previous_version",
        version: former.version,
        fallback: former.fallback,
        failure,
      };
    }
    for (const { version, manifestHash } of [active, ...(previous === undefined ? [] : [previous])]) {
      try {
        const { readFallback } = await import("../registry/mod.ts");
        const fallback = await this.#bounded(readFallback(this.#deps.blobs, version, { manifestHash }));
        return { source: "none", version, fallback, failure };
      } catch {
        // tryLoad has already told of this version.
      }
    }
    return { source: "none", version: active.version, failure };
  }

  async #tryLoad(
    row: ModelVersion,
  ): Promise<{ model: LoadedModel; failure?: never } | { model?: never; failure: string }> {
    const current = this.#held?.state.model;
    if (current?.version === row.version) return { model: current };
    // Not at the top of the file: a process that answers from what is stored reads none of it.
    const loading = import("../registry/mod.ts").then(({ loadModel }) =>
      loadModel(this.#deps, row.version, { manifestHash: row.manifestHash }),
    );
    try {
      return { model: await this.#bounded(loading) };
    } catch (error) {
      // It may come after all; by then it is another attempt's business.
      loading.then((model) => model.close()).catch(() => {});
      const failure = codeOf(error);
      this.#deps.onFallback?.({
        version: row.version,
        code: failure,
        message: error instanceof Error ? error.message : String(error),
      });
      return { failure };
    }
  }

  #bounded<Result>(work: Promise<Result>): Promise<Result> {
    const { openTimeoutMs = 60_000 } = this.#deps;
    return within(
      work,
      openTimeoutMs,
      () =>
        new FutagoError(
          "storage_failed",
          `Cannot open a version as its files must come within ${openTimeoutMs} ms: they have not; see the storage and the network`,
        ),
    );
  }
}

/**
 * The model of a state, for what cannot be done without one.
 *
 * @param model Of a {@link ServingState}.
 * @returns The same.
 * @throws FutagoError `model_missing` where there is none.
 */
export function opened(model: LoadedModel | undefined): LoadedModel {
  if (model !== undefined) return model;
  throw new FutagoError(
    "model_missing",
    "Cannot embed as a model must be active: there is none; train one, or promote one with futago models promote",
  );
}

/** For how long a version that was replaced is answered from; its vectors are kept for twice as long. */
const replacedMs = 30_000;

/** In place of a version's key while answers do without one. */
const stillOpening = "opening";

/** An answer has waited long enough for a version that is being opened. */
class StillOpening extends Error {}

function keyOf(active: ModelVersion | undefined): string {
  return active === undefined ? "" : `${active.version} ${active.manifestHash}`;
}

// What did not fail is not due, ever.
function dueNow(retryAt: number): number {
  return retryAt === Number.POSITIVE_INFINITY ? retryAt : Number.NEGATIVE_INFINITY;
}

function hold(shared: Shared | undefined): void {
  if (shared !== undefined) shared.holders++;
}

async function release(shared: Shared | undefined): Promise<void> {
  if (shared !== undefined && --shared.holders === 0) await shared.model.close();
}
