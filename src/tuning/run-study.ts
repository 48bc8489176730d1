import { type Clock, canonicalJson, isFutagoError, isOutOfMemory } from "../base/mod.ts";
import { holdStudy } from "./hold-study.ts";
import { nextJob, outOfReach, type RungJob } from "./next-job.ts";
import { sampleSettings } from "./search-space.ts";
import { bestTrial, type StudyPlan, type Trial } from "./study.ts";
import type { StudyStore } from "./study-store.ts";
import type { TrialTrainer } from "./trial-trainer.ts";

/** Options of {@link runStudy}. */
export interface RunStudyOptions {
  readonly store: StudyStore;
  readonly trainer: TrialTrainer;
  /** Of a study that exists, the plan that it was begun with. */
  readonly plan: StudyPlan;
  /** Trials in all; more than last time where a study that is done should go on. */
  readonly trials: number;
  /** Trials at once. @default 1 */
  readonly concurrency?: number;
  /** What all trials at once may take, in bytes, as {@link TrialTrainer.memoryOf} reckons. @default no bound */
  readonly memoryBytes?: number;
  /** For the seconds of each trial; nothing else depends on it. */
  readonly clock: Clock;
  /** Stops what runs, which goes on when the study is run again. */
  readonly signal?: AbortSignal;
  /** Hears of each trial that has done a rung or failed. */
  readonly heard?: (trial: Trial, all: readonly Trial[]) => void;
}

/** Where a study stands. */
export interface StudyOutcome {
  readonly name: string;
  readonly plan: StudyPlan;
  readonly trials: readonly Trial[];
  /** Undefined where no trial has done a rung. */
  readonly best: Trial | undefined;
  /** Whether nothing is left to train; false where it was stopped. */
  readonly complete: boolean;
}

/**
 * Runs a study, or goes on with it: several trials at once, each rung from the checkpoint of the one below, every step
 * kept in the store. What a killed process was training is trained first.
 *
 * @param name Letters, digits, dots, underscores and hyphens; 64 at most.
 * @param options The plan, where trials are kept and trained, and how much at once.
 * @returns Where it stands: complete, or stopped by the signal.
 * @throws RangeError When the name or a number is out of its range, or the study was begun with another plan.
 * @throws FutagoError `database_busy` while another process works on the study; whatever the store or the device failed
 * with, once the other trials have been stopped.
 */
export async function runStudy(name: string, options: RunStudyOptions): Promise<StudyOutcome> {
  check(name, options);
  const { store, plan } = options;
  refuseAnother(name, await store.begin(name, plan), plan);
  const held = await holdStudy(store, name);
  try {
    return await runTrials(name, { ...options, lost: held.lost });
  } finally {
    await held.release();
  }
}

async function runTrials(
  name: string,
  options: RunStudyOptions & { readonly lost: AbortSignal },
): Promise<StudyOutcome> {
  const { store, trainer, plan, clock, lost, concurrency = 1, memoryBytes = Infinity } = options;
  const trials: Trial[] = [...(await store.trials(name))];
  const limits = { ...plan, trials: options.trials };
  const broken = new AbortController();
  const signal = AbortSignal.any([lost, broken.signal, ...(options.signal ? [options.signal] : [])]);
  // What ran when the process before this one ended.
  const left = trials.flatMap(({ state, number, scores }): RungJob[] =>
    state === "running" ? [{ trial: number, rung: scores.length }] : [],
  );
  const running = new Map<number, { readonly bytes: number; readonly ended: Promise<void> }>();

  while (true) {
    while (!signal.aborted && running.size < concurrency) {
      const job = left[0] ?? nextJob(trials, limits);
      if (job === undefined || !(await begin(job).catch(stopAll))) break;
      if (left[0] === job) left.shift();
    }
    if (running.size === 0) break;
    await Promise.race([...running.values()].map(({ ended }) => ended));
  }
  if (broken.signal.aborted) throw broken.signal.reason;
  if (lost.aborted) throw lost.reason;
  const complete = !trials.some(({ state }) => state === "running") && nextJob(trials, limits) === undefined;
  if (complete) for (const { number } of trials) await trainer.forget(number);
  return { name, plan, trials, best: bestTrial(trials), complete };

  /** Begins a job, or ends it at once where nothing has to be trained; false where it must wait for memory. */
  async function begin({ trial: number, rung }: RungJob): Promise<boolean> {
    const trial = trials[number] ?? fresh(number);
    if (trial.state === "finished") {
      await keep({ ...trial, scores: [...trial.scores, trial.scores.at(-1)!] });
      return true;
    }
    let bytes: number;
    try {
      bytes = trainer.memoryOf(trial.settings);
    } catch (error) {
      await fail(trial, error);
      return true;
    }
    if (bytes > memoryBytes) {
      const megabytes = (count: number): number => Math.ceil(count / 2 ** 20);
      await fail(
        { ...trial, memoryBytes: bytes },
        new RangeError(
          `Cannot train as it would take about ${megabytes(bytes)} MB: allowed are ${megabytes(memoryBytes)}`,
        ),
      );
      return true;
    }
    const used = [...running.values()].reduce((sum, each) => sum + each.bytes, 0);
    if (used + bytes > memoryBytes) return false;
    const started: Trial = { ...trial, state: "running", memoryBytes: bytes };
    await keep(started, { quiet: true });
    const ended = train(started, rung).finally(() => running.delete(number));
    running.set(number, { bytes, ended });
    return true;
  }

  async function train(trial: Trial, rung: number): Promise<void> {
    const from = clock.now();
    const timed = (): Trial => ({ ...trial, seconds: trial.seconds + (clock.now() - from) / 1000 });
    try {
      const { curve, finished } = await trainer.train(trial, { epochs: plan.rungs[rung]!, signal });
      const score = Math.max(...curve.map(({ ndcg }) => ndcg));
      const done = finished || rung === plan.rungs.length - 1;
      await keep({
        ...timed(),
        state: done ? "finished" : "waiting",
        curve,
        scores: [...trial.scores, score],
      });
      for (const number of outOfReach(trials, limits)) await trainer.forget(number);
    } catch (error) {
      try {
        if (isFutagoError(error) && error.code === "cancelled") await keep(timed(), { quiet: true });
        else await fail(timed(), error);
      } catch (fatal) {
        stopAll(fatal);
      }
    }
  }

  function stopAll(cause: unknown): false {
    broken.abort(cause);
    return false;
  }

  /** What a trial's settings bring upon themselves ends the trial; anything else is thrown, and ends the study. */
  async function fail(trial: Trial, error: unknown): Promise<void> {
    if (!(error instanceof RangeError || isOutOfMemory(error))) throw error;
    await keep({ ...trial, state: "failed", reason: (error as Error).message });
    await trainer.forget(trial.number);
  }

  async function keep(trial: Trial, { quiet = false }: { readonly quiet?: boolean } = {}): Promise<void> {
    // Another process has the study now, and what it keeps is newer.
    if (lost.aborted) throw lost.reason;
    await store.save(name, trial);
    trials[trial.number] = trial;
    if (!quiet) options.heard?.(trial, trials);
  }

  function fresh(number: number): Trial {
    const settings = sampleSettings(plan.space, { seed: plan.seed, trial: number, base: plan.base });
    return { number, settings, state: "waiting", scores: [], curve: [], seconds: 0, memoryBytes: 0 };
  }
}

function check(name: string, { trials, concurrency = 1 }: RunStudyOptions): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) {
    throw new RangeError(
      `Cannot name a study so as it must be a letter or digit, then letters, digits, dots, underscores or hyphens, 64 at most: current value is "${name}"`,
    );
  }
  for (const [what, value] of Object.entries({ trials, concurrency })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot run a study as ${what} must be a whole number from 1: current value is ${value}`,
      );
    }
  }
}

function refuseAnother(name: string, begun: StudyPlan, asked: StudyPlan): void {
  const different = (Object.keys(asked) as (keyof StudyPlan)[]).filter(
    (part) => canonicalJson(begun[part]) !== canonicalJson(asked[part]),
  );
  if (different.length === 0) return;
  throw new RangeError(
    `Cannot go on with study "${name}" as its trials must share one plan: another ${different.join(", ")} than it was begun with; take the same, or another name`,
  );
}
