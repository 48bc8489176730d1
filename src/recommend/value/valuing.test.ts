import { expect, test } from "vitest";
import { tinyModel } from "../../../tests/tiny-model.ts";
import { tinyWorld } from "../../../tests/tiny-world.ts";
import { loadModel } from "../../registry/mod.ts";
import type { ServedHead, ServedHeads, Task } from "../../towers/mod.ts";
import { createInferenceEngine, type InferenceEngineDeps } from "../inference-engine.ts";
import type { RecommendOptions } from "../recommend-options.ts";
import type { ValueFormula } from "./value-formula.ts";

const dims = 16;

/** A head that reads one component alone, so that z = scale · user_d item_d. */
function reads(component: number, scale: number): ServedHead {
  return { weights: Array.from({ length: dims }, (_, d) => (d === component ? 1 : 0)), scale, bias: 0 };
}

/**
 * A version in which v50 and v52 are as near to p00 as each other, at a similarity of 0.1: v50 shares the viewer's component a
 * alone, v52 its component b. (The rest of their length lies in the last component, where viewers have 0.) A head over b says
 * of v52 z = ln 3, so p = 3/4, and of v50 z = 0, so p = 1/2. All else is far: -1 in what viewers have 1 / √2 of.
 */
async function world(tasks: readonly Task[]) {
  const all = tinyWorld();
  const { model, dataset } = tinyModel(1);
  const heads: Partial<Record<Task, ServedHead>> = {};
  const served: ServedHeads = { kind: "served_heads", heads };
  // Which components are large shows when the viewer is known, who does not depend on heads.
  const before = await all.deployer.register(model, { dataset });
  const opened = await loadModel(all, before.version);
  const history = (await all.store.history("p00", { limit: 100 }))!;
  const user = await opened.towers.embedHistories([history], { asOf: all.clock.now() });
  await opened.close();
  const [a, b] = [...user.subarray(0, dims - 2).keys()].toSorted(
    (x, y) => Math.abs(user[y]!) - Math.abs(user[x]!),
  ) as [number, number];
  for (const task of tasks) heads[task] = reads(b, Math.log(3) / 0.1);
  const { version } = await all.deployer.register({ ...model, heads: served }, { dataset });
  await all.deployer.promote(version);
  const near = (component: number): number[] => {
    const x = 0.1 / user[component]!;
    return Array.from({ length: dims }, (_, d) =>
      d === component ? x : d === dims - 1 ? Math.sqrt(1 - x * x) : 0,
    );
  };
  const far = Array.from({ length: dims }, (_, d) => (d === dims - 2 ? -1 : 0));
  const ids = dataset.items.map(({ id }) => id);
  await all.vectors.putItemVectors(version, {
    ids,
    vectors: Float32Array.from(ids.flatMap((id) => (id === "v50" ? near(a) : id === "v52" ? near(b) : far))),
    contentHashes: ids.map(() => "by hand"),
  });
  const told: (readonly [string, readonly string[]])[] = [];
  const engineOf = (value?: ValueFormula, more: Partial<InferenceEngineDeps> = {}) =>
    createInferenceEngine({
      ...all,
      refreshMs: 0,
      value,
      observer: { valuing: (...what) => told.push(what) },
      ...more,
    });
  const ask = async (value?: ValueFormula, options: RecommendOptions = {}) => {
    const engine = engineOf(value);
    const { recommendations, source } = await engine.recommend("p00", { limit: 2, ...options });
    await engine.close();
    expect(source).toBe("two_tower");
    return recommendations;
  };
  return { ...all, version, told, engineOf, ask };
}

const idsOf = (found: readonly { readonly itemId: string }[]) => found.map(({ itemId }) => itemId);

test("[VF2] of two that are as near as each other, the formula decides", async () => {
  const { ask } = await world(["like", "nope"]);
  const plain = await ask();
  expect(idsOf(plain)).toEqual(["v50", "v52"]);
  expect(plain[0]!.score).toBeCloseTo(plain[1]!.score, 6);
  expect(plain[0]).not.toHaveProperty("value");
  const liked = await ask({ similarity: 1, like: 2 });
  // 0.1 + 2 · 3/4 and 0.1 + 2 · 1/2; scores stay what they were.
  expect(liked.map(({ itemId, value, rank }) => [itemId, value, rank])).toEqual([
    ["v52", expect.closeTo(1.6, 5), 1],
    ["v50", expect.closeTo(1.1, 5), 2],
  ]);
  expect(liked.map(({ score }) => score)).toEqual([expect.closeTo(0.1, 5), expect.closeTo(0.1, 5)]);
  expect(idsOf(await ask({ similarity: 1, nope: -1 }))).toEqual(["v50", "v52"]);
  expect(idsOf(await ask({ similarity: 1, nope: 1 }))).toEqual(["v52", "v50"]);
});

test("[VF2] the formula chooses among the nearest, four times as many as are wanted", async () => {
  const { ask } = await world(["nope"]);
  const found = await ask({ nope: -1 }, { limit: 1 });
  // The two nearest and two of the others, of which each has p = 1/2, as v50 does: equals stay in order.
  expect(idsOf(found)).toEqual(["v50"]);
  expect(idsOf(await ask({ nope: 1 }, { limit: 1 }))).toEqual(["v52"]);
  expect(idsOf(await ask({ nope: 1 }, { candidates: ["v02", "v50", "v52"] }))).toEqual(["v52", "v50"]);
});

test("[VF2] then diversity and caps choose from what the formula ranks", async () => {
  const { ask } = await world(["like"]);
  // v50 and v55 are of one maker, v52 is of another.
  const options = { candidates: ["v50", "v52", "v55"], caps: { maker: 1 }, limit: 3 };
  expect(idsOf(await ask({ similarity: 1, like: 1 }, options))).toEqual(["v52", "v50"]);
  const diverse = await ask({ similarity: 1, like: 1 }, { diversity: 0.5 });
  expect(diverse[0]!.itemId).toBe("v52");
});

test("[VF3] a version without a head that is weighed is ranked by similarity, and that is told once", async () => {
  const { ask, engineOf, told, version } = await world(["like"]);
  expect(await ask({ similarity: 1, like: 1, nope: -1 })).toEqual(await ask());
  expect(told).toEqual([[version, ["nope"]]]);
  const engine = engineOf({ like: 1 });
  for (let i = 0; i < 3; i++) await engine.recommend("p00");
  await engine.close();
  expect(told.slice(1)).toEqual([[version, []]]);
  // Nothing to say where no head is weighed.
  await ask({ similarity: 2 });
  expect(told).toHaveLength(2);
});

test("[VF3] vectors that cannot be read leave the order to similarity", async () => {
  const { engineOf, vectors } = await world(["like"]);
  const itemVectors = async () => {
    throw new Error("gone");
  };
  const engine = engineOf({ like: 1 }, { vectors: { ...vectors, itemVectors } });
  const { recommendations, source } = await engine.recommend("p00", { limit: 2 });
  expect(source).toBe("two_tower");
  expect(idsOf(recommendations)).toEqual(["v50", "v52"]);
  await engine.close();
});

test("who has no history is answered by popularity, whatever the formula", async () => {
  const { engineOf } = await world(["like"]);
  const [formula, none] = [engineOf({ like: 1 }), engineOf()];
  expect(await formula.recommend("p10")).toEqual(await none.recommend("p10"));
  await expect(formula.recommend("p11")).rejects.toMatchObject({ code: "age_not_confirmed" });
});

test("[VF4] explain tells what each part adds, and that others are worth more", async () => {
  const { engineOf } = await world(["like", "nope"]);
  const engine = engineOf({ similarity: 1, like: 2, nope: -1 });
  const best = await engine.explain("p00", "v52", { limit: 1 });
  expect(best).toMatchObject({ shown: true, obstacles: [] });
  // 0.1 + 2 · 3/4 − 3/4
  expect(best.value).toEqual({
    total: expect.closeTo(0.85, 5),
    parts: {
      similarity: expect.closeTo(0.1, 5),
      like: expect.closeTo(1.5, 5),
      nope: expect.closeTo(-0.75, 5),
    },
  });
  expect(best.score).toBeCloseTo(0.1, 5);
  expect(await engine.explain("p00", "v50", { limit: 1 })).toMatchObject({
    rank: 1,
    shown: false,
    obstacles: ["value"],
    value: { total: expect.closeTo(0.6, 5) },
  });
  await engine.close();
  const plain = engineOf();
  expect(await plain.explain("p00", "v50", { limit: 1 })).not.toHaveProperty("value");
  await plain.close();
});

test("a formula that cannot be meant is refused at the start", () => {
  expect(() => createInferenceEngine({ ...tinyWorld(), value: { similarity: -1 } })).toThrow(RangeError);
});
