import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../../tests/tiny-world.ts";
import type { PersonHistory } from "../../catalogue/mod.ts";
import { residualBound } from "../../towers/mod.ts";
import { createInferenceEngine } from "../inference-engine.ts";
import { type Reason, reasonsFor } from "./reasons.ts";

async function served(seed = 1) {
  const world = tinyWorld();
  const version = await world.deploy(seed);
  const engine = createInferenceEngine({ ...world, refreshMs: 0, retryMs: 0 });
  const titles = new Map<string, string>();
  for await (const page of world.store.items()) for (const item of page) titles.set(item.id, item.title);
  return { ...world, version, engine, titles };
}

const namedBy = (reasons: readonly Reason[] | undefined): string[] =>
  (reasons ?? []).flatMap(({ itemId }) => itemId ?? []);

describe("recommend with reasons", () => {
  test("[EX2] says for each item what speaks for it, the weightiest first, by title and what both have in common", async () => {
    const { engine, titles, store } = await served();
    const plain = await engine.recommend("p00", { limit: 10 });
    const { recommendations } = await engine.recommend("p00", { limit: 10, explain: "en" });
    expect(recommendations.map(({ reasons: _, ...rest }) => rest)).toEqual(plain.recommendations);
    const history = (await store.history("p00", { limit: 100 }))!;
    const liked = new Set(history.events.filter(({ kind }) => kind === "like").map(({ itemId }) => itemId));
    const named = recommendations.flatMap(({ reasons }) => reasons!.filter(({ kind }) => kind === "liked"));
    expect(named.length).toBeGreaterThan(5);
    for (const { reasons } of recommendations) {
      expect(reasons!.length).toBeLessThanOrEqual(3);
      const weights = reasons!.map(({ contribution }) => contribution);
      expect(weights).toEqual(weights.toSorted((a, b) => b - a));
      expect(reasons!.reduce((sum, { share }) => sum + share, 0)).toBeLessThanOrEqual(1 + 1e-9);
    }
    for (const reason of named) {
      expect(liked).toContain(reason.itemId);
      expect(reason.text).toContain(`Because you liked “${titles.get(reason.itemId!)}”`);
    }
    // Every third item is of one genre, every fifth of one maker: p00 is shown their own genre.
    const genre = named.find(({ shared }) => shared?.some(({ field }) => field === "genres"));
    expect(genre!.text).toContain("same genre (harbour)");
  });

  test("ranks given candidates with reasons, too, in Japanese", async () => {
    const { engine } = await served();
    const { recommendations } = await engine.recommend("p00", { candidates: ["v03", "v06"], explain: "ja" });
    expect(recommendations).toHaveLength(2);
    for (const { reasons } of recommendations) expect(reasons!.length).toBeGreaterThan(0);
    expect(recommendations.flatMap(({ reasons }) => reasons!).some(({ text }) => /ため/.test(text))).toBe(
      true,
    );
  });

  test("names what a viewer said they like where the item has it", () => {
    const item = { id: "v1", title: "", fields: { genres: ["harbour"], maker: "Northlight" } };
    const history = { person: { id: "p", fields: {} }, events: [], items: new Map() };
    const said = (field: string, value: string, amount: number) => {
      return { cause: { kind: "taste" as const, field, value }, amount };
    };
    const causes = {
      score: 0.6,
      contributions: [
        said("genres", "forest", 0.3),
        said("genres", "harbour", 0.2),
        said("maker", "Northlight", 0.1),
      ],
      features: {},
    };
    const options = { history, blocks: undefined, lang: "en", most: 3, against: false } as const;
    expect(reasonsFor(item, causes, options).map(({ text }) => text)).toEqual([
      "Because of what you said you like: same genre (harbour)",
      "Because of what you said you like: same maker (Northlight)",
    ]);
  });

  test("tells habits and a profile once, and only of a viewer who has any", () => {
    const cause = (kind: "habits" | "profile", feature: string, amount: number) => {
      return { cause: { kind, feature }, amount };
    };
    const contributions = [
      cause("habits", "activity", 0.1),
      cause("profile", "region", 0.1),
      cause("habits", "pattern", 0.2),
    ];
    const causes = { score: 0.4, contributions, features: {} };
    const told = (fields: Record<string, string>, events: PersonHistory["events"]) => {
      const history = { person: { id: "p", fields }, events, items: new Map() };
      const options = { history, blocks: undefined, lang: "en", most: 3, against: false } as const;
      return reasonsFor(undefined, causes, options).map(({ kind, contribution }) => [kind, contribution]);
    };
    const event = { personId: "p", itemId: "v", kind: "like", at: 0 } as const;
    expect(told({}, [])).toEqual([]);
    expect(told({ region: "Tohoku" }, [])).toEqual([["profile", 0.1]]);
    expect(told({}, [event])).toEqual([["habits", expect.closeTo(0.3, 9)]]);
  });

  test("[EX9] where reasons take long, the best have them and the others come all the same", async () => {
    const world = tinyWorld();
    await world.deploy(1, "sequence");
    // Every look at the clock is 0.3 s later than the one before: at what a second is counted from, at the moment that the
    // history is read at, and after each item. Those after the first two are 0.6 and 0.9 s later.
    const clock = { time: world.clock.time, now: () => (clock.time += 300) };
    const engine = createInferenceEngine({ ...world, clock, refreshMs: 1e9 });
    const { recommendations } = await engine.recommend("p00", { limit: 10, explain: "en" });
    const told = recommendations.map(({ reasons }) => reasons!.length > 0);
    expect(told).toEqual([...Array(3).fill(true), ...Array(7).fill(false)]);
    await engine.close();
  });

  test("at most 100 items come with reasons", async () => {
    const { engine } = await served();
    await expect(engine.recommend("p00", { limit: 101, explain: "en" })).rejects.toThrow(
      "from 1 to 100 with reasons: current value is 101",
    );
    expect(
      (await engine.recommend("p00", { limit: 100, explain: "en" })).recommendations.length,
    ).toBeGreaterThan(40);
  });

  test("[EX3] what was taken down or blocked is named in no reason from the next answer on", async () => {
    const { engine, store, titles } = await served();
    const ask = async () => (await engine.recommend("p00", { limit: 50, explain: "en" })).recommendations;
    const before = (await ask()).flatMap(({ reasons }) => namedBy(reasons));
    const gone = before[0]!;
    await store.setWithdrawn(gone, true);
    const after = await ask();
    const named = after.flatMap(({ reasons }) => namedBy(reasons));
    expect(named).not.toContain(gone);
    expect(JSON.stringify(after)).not.toContain(titles.get(gone)!);
    expect(JSON.stringify(await engine.explain("p00", after[0]!.itemId))).not.toContain(titles.get(gone)!);
    const [next] = named;
    let maker = "";
    for await (const page of store.items({ ids: [next!] })) maker = page[0]!.fields["maker"] as string;
    await store.setBlocks("p00", { makers: [maker], performers: [] });
    const blocked = (await ask()).flatMap(({ reasons }) => namedBy(reasons));
    expect(blocked.length).toBeGreaterThan(0);
    for await (const page of store.items({ ids: blocked })) {
      for (const item of page) expect(item.fields["maker"]).not.toBe(maker);
    }
  });

  test("the linear model tells which likes it went by, popularity only of itself", async () => {
    const { engine, blobs, version, store, vectors, versions, runtime, clock } = await served();
    await blobs.remove(`models/${version}/user_tower.onnx`);
    const restarted = createInferenceEngine({
      store,
      vectors,
      versions,
      runtime,
      clock,
      blobs,
      refreshMs: 0,
    });
    const linear = await restarted.recommend("p00", { limit: 3, explain: "en" });
    expect(linear.source).toBe("linear");
    for (const { score, itemId } of linear.recommendations) {
      const { reasons, rest } = await restarted.explain("p00", itemId);
      // Each like adds its own weight, and nothing else does.
      expect(reasons!.every(({ kind, contribution }) => kind === "liked" && contribution > 0)).toBe(true);
      expect(reasons!.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(score, 9);
      expect(rest).toBeCloseTo(0, 9);
    }
    const popular = await engine.recommend("p10", { limit: 2, explain: "en" });
    expect(popular.source).toBe("popularity");
    expect(popular.recommendations[0]!.reasons).toEqual([
      { kind: "popularity", contribution: 1, share: 1, text: "Because other viewers like it" },
    ]);
    await restarted.close();
  });
});

describe("explain", () => {
  test("[EX4] reasons and rest add up to the score; place and score are those of the answer", async () => {
    const { engine, store, clock } = await served();
    // Something that others like, so that the towers know it.
    const [liked] = (await store.history("p01", { limit: 2 }))!.events;
    await store.putEvents([{ personId: "p00", itemId: liked!.itemId, kind: "nope", at: clock.now() }]);
    const { recommendations } = await engine.recommend("p00", { limit: 1000 });
    for (const { itemId, score, rank } of [recommendations[0]!, recommendations[7]!, recommendations[30]!]) {
      const told = await engine.explain("p00", itemId, { limit: 1000 });
      expect(told).toMatchObject({ itemId, rank, shown: true, obstacles: [], source: "two_tower" });
      expect(told.score).toBeCloseTo(score, 6);
      const named = told.reasons!.reduce((sum, { contribution }) => sum + contribution, 0);
      expect(Math.abs(named + told.rest! - score)).toBeLessThanOrEqual(residualBound);
      expect(told.reasons!.find(({ kind }) => kind === "refused")?.itemId).toBe(liked!.itemId);
      expect(Object.keys(told.features!)).toContain("makerShare");
      // Of events and features the sum is the same, but for popularity and what anybody would get.
      const popularity = told.reasons!.find(({ kind }) => kind === "popularity")?.contribution ?? 0;
      const features = Object.values(told.features!).reduce((sum, amount) => sum + amount, 0);
      expect(Math.abs(features - (named - popularity))).toBeLessThanOrEqual(residualBound);
    }
  });

  test("[EX4] a tower that knows order says which events it went by, and adds up too", async () => {
    const world = tinyWorld();
    await world.deploy(1, "sequence");
    const engine = createInferenceEngine({ ...world, refreshMs: 0 });
    const { recommendations } = await engine.recommend("p00", { limit: 5, explain: "en" });
    const { events } = (await world.store.history("p00", { limit: 100 }))!;
    const liked = events.flatMap(({ itemId, kind }) => (kind === "like" ? [itemId] : []));
    const named = recommendations.flatMap(({ reasons }) => namedBy(reasons));
    expect(named.length).toBeGreaterThan(5);
    expect(liked).toEqual(expect.arrayContaining(named));
    const { itemId, score } = recommendations[0]!;
    const told = await engine.explain("p00", itemId);
    const sum = told.reasons!.reduce((all, { contribution }) => all + contribution, 0);
    expect(Math.abs(sum + told.rest! - score)).toBeLessThanOrEqual(residualBound);
    const refused = told.reasons!.find(({ kind }) => kind === "refused");
    expect(refused?.itemId).toBe(events.find(({ kind }) => kind === "nope")!.itemId);
    const popularity = told.reasons!.find(({ kind }) => kind === "popularity")?.contribution ?? 0;
    const { sequence, ageRange, region } = told.features!;
    expect(sequence! + ageRange! + region!).toBeCloseTo(sum - popularity, 5);
    await engine.close();
  });

  test("[EX5] nobody without a confirmed age is told anything, and unknown people the same", async () => {
    const { engine } = await served();
    for (const id of ["p11", "nobody"]) {
      const refused = { code: "age_not_confirmed" };
      await expect(engine.explain(id, "v01")).rejects.toMatchObject(refused);
      await expect(engine.explain(id, "no such item")).rejects.toMatchObject(refused);
      await expect(engine.recommend(id, { explain: "en" })).rejects.toMatchObject(refused);
    }
    expect((await engine.explain("p11", "v01", { ageConfirmed: true })).shown).toBeTypeOf("boolean");
  });

  test("a version whose files are gone answers all the same, without reasons", async () => {
    const world = tinyWorld();
    await world.deploy(1);
    const { versions, blobs } = world;
    const { version } = (await versions.active())!;
    const engine = createInferenceEngine({ ...world, refreshMs: 0 });
    await engine.recommend("p00");
    // Its bytes are read again for the first explanation: by then they are gone.
    await blobs.remove(`models/${version}/user_tower.onnx`);
    const answer = await engine.recommend("p00", { limit: 5, explain: "en" });
    expect(answer.source).toBe("two_tower");
    expect(answer.recommendations.every((one) => !("reasons" in one))).toBe(true);
    await expect(engine.explain("p00", answer.recommendations[0]!.itemId)).rejects.toMatchObject({
      code: "bundle_corrupt",
    });
    await engine.close();
  });
});
