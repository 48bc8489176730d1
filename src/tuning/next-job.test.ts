import { describe, expect, test } from "vitest";
import { nextJob, outOfReach } from "./next-job.ts";
import type { Trial, TrialState } from "./study.ts";

const options = { rungs: [1, 3, 9], reduction: 3, trials: 9 };

function trial(number: number, state: TrialState, scores: readonly number[]): Trial {
  const settings = { towers: {}, training: {} };
  return { number, settings, state, scores, curve: [], seconds: 0, memoryBytes: 0 };
}

/** One job after the other, where trial t scores `score(t)` at every rung; "trial:rung". */
function order(score: (trial: number) => number): string {
  const trials: Trial[] = [];
  const jobs: string[] = [];
  for (let job = nextJob(trials, options); job !== undefined; job = nextJob(trials, options)) {
    jobs.push(`${job.trial}:${job.rung}`);
    const scores = [...(trials[job.trial]?.scores ?? []), score(job.trial)];
    trials[job.trial] = trial(job.trial, scores.length === 3 ? "finished" : "waiting", scores);
  }
  return jobs.join(" ");
}

describe("nextJob", () => {
  test("[TU1] where the first trials are the best, promotes as synchronous halving does: 9, 3, 1", () => {
    // With 3, 6 and 9 at rung 0 its top 1, 2 and 3 are trials 0, 0-1 and 0-2; with the third at rung 1 its top is trial 0.
    expect(order((t) => -t)).toBe("0:0 1:0 2:0 0:1 3:0 4:0 5:0 1:1 6:0 7:0 8:0 2:1 0:2");
  });

  test("where each is better than all before, promotes each as it comes, once a rung has three", () => {
    // From trial 2 on the newest is the best of at least 3 at rung 0; rung 1 has its third with trial 4.
    expect(order((t) => t)).toBe(
      "0:0 1:0 2:0 2:1 3:0 3:1 4:0 4:1 4:2 5:0 5:1 5:2 6:0 6:1 6:2 7:0 7:1 7:2 8:0 8:1 8:2",
    );
  });

  test("waits for nobody: what runs counts at the rungs it has done, and is not promoted twice", () => {
    const done = [0.5, 0.4, 0.3].map((score, number) => trial(number, "waiting", [score]));
    const running = trial(3, "running", []);
    expect(nextJob([...done, running], options)).toEqual({ trial: 0, rung: 1 });
    const promoted = [trial(0, "running", [0.5]), ...done.slice(1), running];
    expect(nextJob(promoted, options)).toEqual({ trial: 4, rung: 0 });
    // None may be drawn any more, and none is in the top: what runs must be waited for.
    expect(nextJob(promoted, { ...options, trials: 4 })).toBeUndefined();
  });

  test("promotes from the highest rung first, and of equals the one that was drawn first", () => {
    const trials = [
      ...[0, 1, 2].map((number) => trial(number, "waiting", [0.5, 0.6])),
      ...[3, 4, 5, 6, 7, 8].map((number) => trial(number, "waiting", [0.9])),
    ];
    expect(nextJob(trials, options)).toEqual({ trial: 0, rung: 2 });
    trials[0] = trial(0, "finished", [0.5, 0.6, 0.6]);
    expect(nextJob(trials, options)).toEqual({ trial: 3, rung: 1 });
  });

  test("a failed trial counts as the worst of its rung, and a finished one goes up as any other", () => {
    const trials = [trial(0, "failed", []), trial(1, "failed", []), trial(2, "finished", [0.1])];
    expect(nextJob(trials, options)).toEqual({ trial: 2, rung: 1 });
    const failed = [0, 1, 2].map((number) => trial(number, "failed", []));
    expect(nextJob(failed, { ...options, trials: 3 })).toBeUndefined();
    // It failed on its way to rung 1, hence was promoted, and counts there: 3 have done it.
    const above = [
      trial(3, "failed", [0.9]),
      trial(4, "waiting", [0.8, 0.8]),
      trial(5, "waiting", [0.7, 0.9]),
    ];
    expect(nextJob(above, { ...options, trials: 3 })).toEqual({ trial: 5, rung: 2 });
  });
});

test("outOfReach names those that no number of worse trials can bring into the top", () => {
  const trials = [0.5, 0.4, 0.3, 0.2].map((score, number) => trial(number, "waiting", [score]));
  // Of 9 the top has 3 places, of 6 it has 2.
  expect(outOfReach(trials, options)).toEqual([3]);
  expect(outOfReach(trials, { ...options, trials: 6 })).toEqual([2, 3]);
  trials[3] = trial(3, "running", [0.2]);
  expect(outOfReach(trials, options)).toEqual([]);
});
