import type { StudyPlan, Trial } from "./study.ts";

/** A rung of a trial that is to be trained. */
export interface RungJob {
  readonly trial: number;
  /** Index into {@link StudyPlan.rungs}; 0 of a trial that does not exist yet. */
  readonly rung: number;
}

/** What {@link nextJob} goes by. */
export interface NextJobOptions extends Pick<StudyPlan, "rungs" | "reduction"> {
  /** Trials at most. */
  readonly trials: number;
}

/**
 * What a free place should train, by asynchronous successive halving: from the highest rung down, the best trial that is
 * within the top `1/reduction` of those that have done the rung and has not been promoted yet; where there is none, a new
 * trial (Li et al. 2020, algorithm 2, `get_job`). Nobody waits for a rung to fill: a promotion may turn out early, which costs
 * one training, and a place never stands idle while there are trials to draw.
 *
 * A trial that failed in a rung counts as the worst of those that did it.
 *
 * @param trials All there are, by number; those that run are not promoted twice.
 * @param options Rungs, reduction, and how many trials there may be.
 * @returns The job; undefined where there is none now: all is done, or what runs must be waited for.
 */
export function nextJob(trials: readonly Trial[], options: NextJobOptions): RungJob | undefined {
  const { rungs, reduction } = options;
  for (let rung = rungs.length - 2; rung >= 0; rung--) {
    const ranked = rankedAt(trials, rung);
    const top = ranked.slice(0, Math.floor(ranked.length / reduction));
    const next = top.find(
      ({ state, scores }) => scores.length === rung + 1 && (state === "waiting" || state === "finished"),
    );
    if (next !== undefined) return { trial: next.number, rung: rung + 1 };
  }
  return trials.length < options.trials ? { trial: trials.length, rung: 0 } : undefined;
}

/**
 * Trials that can never be promoted any more, so that what was kept to go on with them may go: those beyond the top of the
 * first rung, however many trials are still to come, as nobody's rank gets better by more of them.
 *
 * @param trials As for {@link nextJob}.
 * @param options As for {@link nextJob}.
 * @returns Their numbers.
 */
export function outOfReach(trials: readonly Trial[], options: NextJobOptions): readonly number[] {
  const places = Math.floor(Math.max(options.trials, trials.length) / options.reduction);
  return rankedAt(trials, 0)
    .slice(places)
    .filter(({ scores, state }) => scores.length === 1 && state !== "running")
    .map(({ number }) => number);
}

/** Those that have done a rung, the best first, equal ones by number, those that failed in it last. */
function rankedAt(trials: readonly Trial[], rung: number): readonly Trial[] {
  const score = ({ scores }: Trial): number => scores[rung] ?? Number.NEGATIVE_INFINITY;
  return trials
    .filter(({ scores, state }) => scores.length > rung || (state === "failed" && scores.length === rung))
    .toSorted((a, b) => (score(a) === score(b) ? a.number - b.number : score(b) - score(a)));
}
