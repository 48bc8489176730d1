import { describe, expect, test } from "vitest";
import { FutagoError } from "../base/mod.ts";
import { createMemoryStudyStore } from "./memory-study-store.ts";
import { type RunStudyOptions, runStudy } from "./run-study.ts";
import { parseSearchSpace } from "./search-space.ts";
import { planStudy, type Trial } from "./study.ts";
import type { TrialTrainer } from "./trial-trainer.ts";

const space = parseSearchSpace({
  kind: "search_space",
  training: { learningRate: { kind: "uniform", from: 0.001, to: 1 } },
});
const base = { towers: {}, training: { epochs: 9, validateEvery: 1, learningRate: 0.5 } };
const plan = planStudy({ data: "data", base, space, minEpochs: 1 });

/** A trial is as good as its rate is high, and a little better with every epoch. */
const curveOf = ({ settings }: Pick<Trial, "settings">, epochs: number) =>
  Array.from({ length: epochs }, (_, e) => ({
    epoch: e + 1,
    ndcg: settings.training.learningRate! + e / 1000,
  }));

interface Fake extends TrialTrainer {
  readonly trained: string[];
  readonly forgotten: Set<number>;
}

/** Trains in no time, and writes down what it was asked. */
function fakeTrainer(changes: Partial<TrialTrainer> = {}): Fake {
  const trained: string[] = [];
  const forgotten = new Set<number>();
  return {
    trained,
    forgotten,
    memoryOf: () => 1,
    train: async (trial, { epochs }) => {
      trained.push(`${trial.number} to ${epochs}`);
      return { curve: curveOf(trial, epochs), finished: epochs === 9 };
    },
    forget: async (trial) => void forgotten.add(trial),
    ...changes,
  };
}

function options(changes: Partial<RunStudyOptions> = {}): RunStudyOptions {
  const clock = { now: () => 0 };
  return { store: createMemoryStudyStore(), trainer: fakeTrainer(), plan, trials: 9, clock, ...changes };
}

const facts = (trials: readonly Trial[]) =>
  trials.map(({ number, state, scores }) => ({ number, state, scores }));

describe("runStudy", () => {
  test("[TU3] draws all trials, promotes by halving, keeps every one, and finds the best", async () => {
    const store = createMemoryStudyStore();
    const trainer = fakeTrainer();
    const outcome = await runStudy("first", options({ store, trainer }));
    expect(plan.rungs).toEqual([1, 3, 9]);
    expect(outcome).toMatchObject({ complete: true, trials: { length: 9 } });
    const rates = outcome.trials.map(({ settings }) => settings.training.learningRate!);
    expect(rates[0]).toBe(0.5);
    expect(outcome.best!.settings.training.learningRate).toBe(Math.max(...rates));
    // It did every rung, and its figure is that of the ninth epoch.
    expect(outcome.best!.scores).toEqual([0, 2, 8].map((e) => Math.max(...rates) + e / 1000));
    expect(await store.trials("first")).toEqual(outcome.trials);
    // What was kept to go on with is gone, and run again it trains nothing.
    expect(trainer.forgotten.size).toBe(9);
    const again = fakeTrainer();
    expect(await runStudy("first", options({ store, trainer: again }))).toEqual(outcome);
    expect(again.trained).toEqual([]);
    // More trials go on from there.
    expect((await runStudy("first", options({ store, trials: 12 }))).trials.slice(0, 9)).toMatchObject(
      outcome.trials.map(({ number, settings }) => ({ number, settings })),
    );
  });

  test("as many run at once as may, and no more than memory allows", async () => {
    let [now, most] = [0, 0];
    let bytes = 0;
    let mostBytes = 0;
    const sizes = [2, 2, 2, 5, 1, 1, 6, 3, 4];
    const sizeOf = new Map<number, number>();
    const trainer = fakeTrainer({
      memoryOf: ({ training }) => {
        const rate = training.learningRate!;
        if (!sizeOf.has(rate)) sizeOf.set(rate, sizes[sizeOf.size]!);
        return sizeOf.get(rate)!;
      },
      train: async (trial, { epochs }) => {
        const size = sizeOf.get(trial.settings.training.learningRate!)!;
        most = Math.max(most, ++now);
        bytes += size;
        mostBytes = Math.max(mostBytes, bytes);
        // Trials end in another order than they began in.
        for (let turns = 0; turns < 60 - (trial.number % 3) * 20; turns++) await Promise.resolve();
        now--;
        bytes -= size;
        return { curve: curveOf(trial, epochs), finished: epochs === 9 };
      },
    });
    const outcome = await runStudy("first", options({ trainer, concurrency: 3, memoryBytes: 6 }));
    expect({ most, mostBytes, complete: outcome.complete }).toEqual({
      most: 3,
      mostBytes: 6,
      complete: true,
    });
    expect(outcome.trials.filter(({ state }) => state === "failed")).toEqual([]);
  });

  test("a trial whose loss runs away, or that is too large, fails alone and says why", async () => {
    const trainer = fakeTrainer({
      memoryOf: ({ training }) => (training.learningRate! > 0.9 ? 2 ** 30 : 2 ** 20),
      train: async (trial, { epochs }) => {
        if (trial.settings.training.learningRate! < 0.5) throw new RangeError("Cannot go on training as NaN");
        return { curve: curveOf(trial, epochs), finished: false };
      },
    });
    const { trials, complete, best } = await runStudy(
      "first",
      options({ trainer, memoryBytes: 2 ** 24, trials: 20 }),
    );
    expect(complete).toBe(true);
    for (const { state, reason, settings } of trials) {
      const rate = settings.training.learningRate!;
      expect([rate, state === "failed"]).toEqual([rate, rate < 0.5 || rate > 0.9]);
      if (rate < 0.5) expect(reason).toBe("Cannot go on training as NaN");
      if (rate > 0.9) expect(reason).toBe("Cannot train as it would take about 1024 MB: allowed are 16");
    }
    expect(trials.filter(({ state }) => state === "failed").length).toBeGreaterThan(1);
    expect(best!.settings.training.learningRate).toBeLessThan(0.9);
  });

  test("[TU6] stopped or killed anywhere, it ends as it would have, beginning with what ran", async () => {
    const whole = await runStudy("first", options());
    for (const kill of [1, 4, 9, 12]) {
      const store = createMemoryStudyStore();
      const stop = new AbortController();
      const stopping = fakeTrainer({
        train: async (trial, { epochs }) => {
          stopping.trained.push(`${trial.number} to ${epochs}`);
          if (stopping.trained.length === kill) {
            stop.abort();
            throw new FutagoError("cancelled", "Cannot finish training as it was stopped");
          }
          return { curve: curveOf(trial, epochs), finished: epochs === 9 };
        },
      });
      const stopped = await runStudy("first", options({ store, trainer: stopping, signal: stop.signal }));
      expect(stopped.complete).toBe(false);
      expect((await store.trials("first")).filter(({ state }) => state === "running").length).toBe(1);
      const trainer = fakeTrainer();
      const resumed = await runStudy("first", options({ store, trainer }));
      expect(trainer.trained[0]).toBe(stopping.trained.at(-1));
      expect(facts(resumed.trials)).toEqual(facts(whole.trials));
    }
  });

  test("a trial that stopped improving is promoted without being trained again", async () => {
    const trainer: Fake = fakeTrainer({
      train: async (trial, { epochs }) => {
        trainer.trained.push(`${trial.number} to ${epochs}`);
        return { curve: curveOf(trial, 1), finished: true };
      },
    });
    const { trials, complete } = await runStudy("first", options({ trainer }));
    expect(complete).toBe(true);
    expect(trainer.trained).toEqual(trials.map(({ number }) => `${number} to 1`));
    expect(Math.max(...trials.map(({ scores }) => scores.length))).toBe(3);
  });

  test("a failure of the world stops the others and ends the study, which can go on", async () => {
    const store = createMemoryStudyStore();
    const ended: string[] = [];
    const trainer = fakeTrainer({
      train: async ({ number }, { signal }) => {
        if (number === 1) throw new FutagoError("storage_failed", "Cannot write");
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        ended.push(`trial ${number}`);
        throw new FutagoError("cancelled", "Cannot finish training as it was stopped");
      },
    });
    const running = runStudy("first", options({ store, trainer, concurrency: 2 }));
    await expect(running).rejects.toMatchObject({ code: "storage_failed" });
    expect(ended).toEqual(["trial 0"]);
    expect((await runStudy("first", options({ store }))).complete).toBe(true);
  });

  test("refuses another plan, a second process, and a name that is no file's", async () => {
    const store = createMemoryStudyStore();
    await runStudy("first", options({ store }));
    const other = { ...plan, data: "other data" };
    await expect(runStudy("first", options({ store, plan: other }))).rejects.toThrow(
      "another data than it was begun",
    );
    await store.lease("first", "another process", 60_000);
    await expect(runStudy("first", options({ store }))).rejects.toMatchObject({ code: "database_busy" });
    await expect(runStudy("../first", options({ store }))).rejects.toThrow(RangeError);
    await expect(runStudy("second", options({ store, trials: 0 }))).rejects.toThrow(RangeError);
  });
});

test.each([
  [{ epochs: 100, validateEvery: 2 }, {}, [4, 12, 34, 100]],
  [{ epochs: 9, validateEvery: 1 }, { minEpochs: 1 }, [1, 3, 9]],
  // 10 / 3 and 10 / 9, rounded up to where training validates, would both be 5.
  [{ epochs: 10, validateEvery: 5 }, { minEpochs: 1 }, [5, 10]],
  [{ epochs: 16, validateEvery: 1 }, { minEpochs: 4, reduction: 2 }, [4, 8, 16]],
])("the rungs of %o with %o are %o", (training, more, rungs) => {
  expect(planStudy({ data: "", base: { towers: {}, training }, space, ...more }).rungs).toEqual(rungs);
});

test.each([{ minEpochs: 10 }, { minEpochs: 0 }, { reduction: 1 }, { seed: -1 }])(
  "a plan is refused for %o",
  (more) => {
    expect(() => planStudy({ data: "", base, space, ...more })).toThrow(RangeError);
  },
);
