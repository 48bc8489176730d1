import type { FeatureSchemaInput } from "../features/mod.ts";
import { resolveTowerConfig } from "../towers/mod.ts";
import { resolveTrainingConfig } from "../training/mod.ts";
import type { ModelSettings } from "./model-settings.ts";
import type { SearchSpace } from "./search-space.ts";

/** Everything that decides what the trials of a study are and how they are compared. Plain JSON; it never changes. */
export interface StudyPlan {
  readonly kind: "study_plan";
  /** A hash of the data and of who is validated on, as figures of other data cannot be compared. */
  readonly data: string;
  /** What trials change, with a value for every setting that is searched; trial 0 is this itself. */
  readonly base: ModelSettings;
  readonly space: SearchSpace;
  readonly seed: number;
  /** Epochs after which trials are compared, ascending; the last is the most that any trial is trained. */
  readonly rungs: readonly number[];
  /** η: of this many at a rung, one goes on to the next. */
  readonly reduction: number;
}

/** Options of {@link planStudy}. */
export interface StudyOptions extends Pick<StudyPlan, "data" | "base" | "space"> {
  /** What the towers will read: with a sequence, other defaults of training hold. */
  readonly schema?: FeatureSchemaInput;
  /** @default 42 */
  readonly seed?: number;
  /** Least epochs before two trials are compared. @default 4 */
  readonly minEpochs?: number;
  /** @default 3 */
  readonly reduction?: number;
}

/**
 * Plans a study.
 *
 * The rungs are counted down from the most epochs, each a part `1/reduction` of the one above (Li et al. 2020, "A System for
 * Massively Parallel Hyperparameter Tuning", section 3: r · ηᵏ), rounded up to where training validates.
 *
 * @param options Data, base settings (their `epochs` are the most of any trial) and space.
 * @returns The plan.
 * @throws RangeError When there is no rung: `minEpochs` are more than the most, or a number is no whole number in its range.
 *
 * @example
 * ```ts
 * import { defaultSearchSpace, planStudy } from "futago";
 * const base = { towers: {}, training: { epochs: 100, validateEvery: 2 } };
 * planStudy({ data: "…", base, space: defaultSearchSpace }).rungs; // [4, 12, 34, 100]
 * ```
 */
export function planStudy(options: StudyOptions): StudyPlan {
  const { data, space, seed = 42, minEpochs = 4, reduction = 3 } = options;
  const training = resolveTrainingConfig(options.base.training, options.schema);
  const { epochs, validateEvery } = training;
  for (const [name, value, least] of [
    ["seed", seed, 0],
    ["minEpochs", minEpochs, 1],
    ["reduction", reduction, 2],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(
        `Cannot plan a study as ${name} must be a whole number from ${least}: current value is ${value}`,
      );
    }
  }
  if (minEpochs > epochs) {
    throw new RangeError(
      `Cannot plan a study as minEpochs must be at most the epochs of the base, ${epochs}: current value is ${minEpochs}`,
    );
  }
  const rungs = [epochs];
  for (let part = epochs / reduction; ; part /= reduction) {
    const rung = Math.ceil(part / validateEvery) * validateEvery;
    if (rung < minEpochs || rung >= rungs[0]!) break;
    rungs.unshift(rung);
  }
  const base = {
    towers: { ...options.base.towers, ...pick(resolveTowerConfig(options.base.towers), space.towers) },
    training: { ...options.base.training, ...pick(training, space.training), epochs, validateEvery, seed },
  };
  return { kind: "study_plan", data, base, space, seed, rungs, reduction };
}

/** The values of the settings that are searched. */
function pick<Config extends object>(config: Config, searched: object): Partial<Config> {
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => Object.hasOwn(searched, name)),
  ) as Partial<Config>;
}

/**
 * Where a trial stands. `running`: a rung is being trained, or was when the process ended. `waiting`: it may be promoted.
 * `finished`: no epoch is left, as it had all of them or stopped improving. `failed`: its loss ran away, or it takes too
 * much memory.
 */
export type TrialState = "failed" | "finished" | "running" | "waiting";

/** One choice of settings, and how good it is. */
export interface Trial {
  /** From 0. */
  readonly number: number;
  readonly settings: ModelSettings;
  readonly state: TrialState;
  /** Best validation NDCG@10 up to each rung that it has done. */
  readonly scores: readonly number[];
  /** Every validation. */
  readonly curve: readonly ValidationPoint[];
  /** Why it failed. */
  readonly reason?: string;
  /** Trained so far. */
  readonly seconds: number;
  /** What training was reckoned to take. */
  readonly memoryBytes: number;
}

/** One validation of a trial. */
export interface ValidationPoint {
  readonly epoch: number;
  /** NDCG@10 on validation viewers. */
  readonly ndcg: number;
}

/** The best validation figure of a trial so far; undefined before its first rung is done. */
export function scoreOf(trial: Trial): number | undefined {
  return trial.scores.at(-1);
}

/**
 * The best trial: by validation NDCG@10, whatever its rung, as a score never falls from rung to rung; where two tie the one
 * that was drawn first.
 *
 * @param trials In the order of their numbers.
 * @returns It; undefined while no rung is done.
 */
export function bestTrial(trials: readonly Trial[]): Trial | undefined {
  let best: Trial | undefined;
  for (const trial of trials) {
    const score = trial.state === "failed" ? undefined : scoreOf(trial);
    if (score !== undefined && (best === undefined || score > scoreOf(best)!)) best = trial;
  }
  return best;
}
