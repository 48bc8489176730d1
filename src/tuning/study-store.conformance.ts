import { expect, test } from "vitest";
import { defaultSearchSpace } from "./search-space.ts";
import { planStudy, type Trial } from "./study.ts";
import type { StudyStore } from "./study-store.ts";

/**
 * What every {@link StudyStore} does.
 *
 * @param open Makes an empty one.
 */
export function testStudyStore(open: () => Promise<StudyStore>): void {
  const base = { towers: { hidden: [32, 16] }, training: { learningRate: 0.1 + 0.2 } };
  const plan = planStudy({ data: "some data", base, space: defaultSearchSpace, seed: 2 ** 40 });
  const trial: Trial = {
    number: 1,
    settings: base,
    state: "waiting",
    scores: [0.1, 1 / 3],
    curve: [
      { epoch: 2, ndcg: 0.1 },
      { epoch: 12, ndcg: 1 / 3 },
    ],
    seconds: 1.5,
    memoryBytes: 2 ** 33,
  };

  test("[TU4] a study and its trials are kept exactly, and a trial as it was saved last", async () => {
    const store = await open();
    expect(await store.trials("first")).toEqual([]);
    expect(await store.begin("first", plan)).toEqual(plan);
    await store.save("first", trial);
    const failed: Trial = { ...trial, number: 0, state: "failed", scores: [], curve: [], reason: 'a "loss"' };
    await store.save("first", { ...failed, state: "running" });
    await store.save("first", failed);
    expect(await store.trials("first")).toEqual([failed, trial]);
    expect(await store.studies()).toMatchObject([{ name: "first", plan, trials: 2 }]);
  });

  test("who begins a study again is given the plan that it has, and other studies are their own", async () => {
    const store = await open();
    await store.begin("first", plan);
    expect(await store.begin("first", { ...plan, seed: 1 })).toEqual(plan);
    expect(await store.begin("second", { ...plan, seed: 1 })).toMatchObject({ seed: 1 });
    await store.save("second", trial);
    expect(await store.trials("first")).toEqual([]);
    expect(await store.remove("second")).toBe(true);
    expect(await store.remove("second")).toBe(false);
    expect(await store.trials("second")).toEqual([]);
    expect((await store.studies()).map(({ name }) => name)).toEqual(["first"]);
  });

  test("[TU5] one process at a time works on a study, until it gives it back or is gone for too long", async () => {
    const store = await open();
    for (const name of ["first", "second"]) await store.begin(name, plan);
    expect(await store.lease("first", "one", 60_000)).toBe(true);
    expect(await store.lease("first", "one", 60_000)).toBe(true);
    expect(await store.lease("first", "two", 60_000)).toBe(false);
    expect(await store.lease("second", "two", 60_000)).toBe(true);
    await store.release("first", "two");
    expect(await store.lease("first", "two", 60_000)).toBe(false);
    await store.release("first", "one");
    expect(await store.lease("first", "two", -1)).toBe(true);
    expect(await store.lease("first", "one", 60_000)).toBe(true);
  });
}
