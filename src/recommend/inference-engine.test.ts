import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createInferenceEngine } from "./inference-engine.ts";
import type { FallbackNotice } from "./serving-models.ts";

function engineWorld(options: { refreshMs?: number; retryMs?: number } = {}) {
  const world = tinyWorld();
  const notices: FallbackNotice[] = [];
  const engine = createInferenceEngine({
    ...world,
    refreshMs: options.refreshMs ?? 0,
    retryMs: options.retryMs ?? 0,
    onFallback: (notice) => notices.push(notice),
  });
  return { ...world, engine, notices };
}

async function seenBy(world: ReturnType<typeof engineWorld>, personId: string): Promise<string[]> {
  return (await world.store.history(personId, { limit: 1000 }))!.events.map((event) => event.itemId);
}

describe("recommend", () => {
  test("answers from the active towers, best first, without what was seen, refused, withdrawn or excluded", async () => {
    const world = engineWorld();
    const version = await world.deploy(1);
    const seen = await seenBy(world, "p00");
    const first = await world.engine.recommend("p00", { limit: 5 });
    expect(first).toMatchObject({ source: "two_tower", modelVersion: version });
    const [withdrawn, excluded] = first.recommendations.map(({ itemId }) => itemId);
    await world.store.setWithdrawn(withdrawn!, true);
    const { recommendations } = await world.engine.recommend("p00", { limit: 1000, exclude: [excluded!] });
    const ids = recommendations.map(({ itemId }) => itemId);
    expect(ids).toHaveLength(60 - new Set(seen).size - 2);
    for (const id of [...seen, withdrawn, excluded]) expect(ids).not.toContain(id);
    expect(recommendations.map(({ rank }) => rank)).toEqual(ids.map((_, i) => i + 1));
    const scores = recommendations.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  test("reads as many events as the towers were trained on", async () => {
    const world = engineWorld();
    const limits: number[] = [];
    const store = {
      ...world.store,
      history: (personId: string, options: { readonly limit: number }) => {
        limits.push(options.limit);
        return world.store.history(personId, options);
      },
    };
    const engine = createInferenceEngine({ ...world, store });
    await world.deploy(1);
    await engine.refresh();
    await engine.recommend("p00");
    // What a schema that says nothing else asks for.
    expect(limits).toEqual([1000]);
    await engine.close();
  });

  test("a like changes the very next answer", async () => {
    const world = engineWorld();
    await world.deploy(1);
    const before = await world.engine.recommend("p00", { limit: 10 });
    const liked = before.recommendations[3]!.itemId;
    await world.store.putEvents([{ personId: "p00", itemId: liked, kind: "like", at: world.clock.now() }]);
    const after = await world.engine.recommend("p00", { limit: 10 });
    expect(after.recommendations.map(({ itemId }) => itemId)).not.toContain(liked);
    const scoreOf = new Map(before.recommendations.map(({ itemId, score }) => [itemId, score]));
    expect(
      after.recommendations.some(({ itemId, score }) => scoreOf.has(itemId) && scoreOf.get(itemId) !== score),
    ).toBe(true);
  });

  test("never answers with fewer than asked while there are more: what has no vector yet follows at the end", async () => {
    const world = engineWorld();
    const version = await world.deploy(1);
    const added = ["new-1", "new-2"].map((id) => ({ id, title: id, fields: {} }));
    await world.store.putItems(added);
    const seen = new Set(await seenBy(world, "p00"));
    const all = await world.engine.recommend("p00", { limit: 1000 });
    expect(all.recommendations).toHaveLength(62 - seen.size);
    expect(all.recommendations.slice(-2).map(({ itemId, score }) => [itemId, score])).toEqual([
      ["new-1", -1],
      ["new-2", -1],
    ]);
    await world.blobs.remove(`models/${version}/user_tower.onnx`);
    const restarted = createInferenceEngine(world);
    const linear = await restarted.recommend("p00", { limit: 1000 });
    expect(linear.source).toBe("linear");
    expect(new Set(linear.recommendations.map(({ itemId }) => itemId)).size).toBe(62 - seen.size);
  });

  test("popularity answers for a viewer without history", async () => {
    const world = engineWorld();
    const version = await world.deploy(1);
    const answer = await world.engine.recommend("p10", { limit: 3 });
    expect(answer).toMatchObject({ source: "popularity", modelVersion: version });
    expect(answer.recommendations).toHaveLength(3);
  });

  test.each(["p11", "nobody"])("refuses %s, whose age is not confirmed, in every path", async (id) => {
    const world = engineWorld();
    const refused = { code: "age_not_confirmed" };
    const everyPath = async (): Promise<void> => {
      await expect(world.engine.recommend(id)).rejects.toMatchObject(refused);
      await expect(world.engine.recommend(id, { candidates: ["v01"] })).rejects.toMatchObject(refused);
      await expect(world.engine.recommend(id, { candidates: [] })).rejects.toMatchObject(refused);
      await expect(world.engine.score(id, ["v01"])).rejects.toMatchObject(refused);
      await expect(world.engine.storePersonVector(id)).rejects.toMatchObject(refused);
    };
    await everyPath();
    const version = await world.deploy(1);
    await everyPath();
    await world.blobs.remove(`models/${version}/user_tower.onnx`);
    await everyPath();
    expect((await world.vectors.userHashes(version)).size).toBe(0);
  });

  test.each([0, 1001, 1.5, Number.NaN])("refuses a limit of %s", async (limit) => {
    await expect(engineWorld().engine.recommend("p00", { limit })).rejects.toThrow(RangeError);
  });
});

describe("candidates", () => {
  test("are ranked whole, seen ones too, without unknown, withdrawn and excluded ones", async () => {
    const world = engineWorld();
    await world.deploy(1);
    const [seen] = await seenBy(world, "p00");
    await world.store.setWithdrawn("v41", true);
    const candidates = [seen!, "v40", "v41", "v43", "v43", "unknown"];
    const answer = await world.engine.recommend("p00", { candidates, exclude: ["v40"] });
    expect(answer.source).toBe("two_tower");
    expect(answer.recommendations.map(({ itemId }) => itemId).sort()).toEqual([seen, "v43"].sort());
    const all = await world.engine.recommend("p00", { limit: 1000 });
    const retrieved = all.recommendations.find(({ itemId }) => itemId === "v43")!;
    expect(answer.recommendations.find(({ itemId }) => itemId === "v43")!.score).toBeCloseTo(
      retrieved.score,
      6,
    );
  });

  test("score() cuts to topK", async () => {
    const world = engineWorld();
    await world.deploy(1);
    const { recommendations } = await world.engine.score("p00", ["v50", "v51", "v52"], { topK: 2 });
    expect(recommendations.map(({ rank }) => rank)).toEqual([1, 2]);
  });
});

describe("versions", () => {
  test("a promotion is seen, and no answer mixes two versions", async () => {
    const world = engineWorld();
    const first = await world.deploy(1);
    expect((await world.engine.recommend("p00")).modelVersion).toBe(first);
    const second = await world.deploy(2);
    await world.engine.refresh();
    expect((await world.engine.recommend("p00")).modelVersion).toBe(second);
    expect(await world.engine.status()).toEqual({ source: "two_tower", version: second });
  });

  test("the active version is asked for once per refreshMs", async () => {
    const world = engineWorld({ refreshMs: 1000 });
    const first = await world.deploy(1);
    await world.engine.recommend("p00");
    const second = await world.deploy(2);
    world.clock.time += 999;
    expect((await world.engine.recommend("p00")).modelVersion).toBe(first);
    world.clock.time += 1;
    await world.engine.recommend("p00");
    await world.engine.refresh();
    expect((await world.engine.recommend("p00")).modelVersion).toBe(second);
  });

  test("answers under way keep their towers while a promotion replaces them", async () => {
    const world = engineWorld();
    await world.deploy(1);
    await world.engine.recommend("p00");
    const underWay = Array.from({ length: 20 }, () => world.engine.recommend("p01"));
    await world.deploy(2);
    await world.engine.refresh();
    for (const answer of await Promise.all(underWay)) expect(answer.source).toBe("two_tower");
  });
});

test("a database that fails while a promotion is opened leaves the old towers answering", async () => {
  const world = engineWorld();
  const first = await world.deploy(1);
  await world.engine.recommend("p00");
  const second = await world.deploy(2);
  await world.blobs.remove(`models/${second}/manifest.json`);
  const { previous } = world.versions;
  world.versions.previous = () => Promise.reject(new Error("gone"));
  for (let i = 0; i < 3; i++) expect((await world.engine.recommend("p00")).modelVersion).toBe(first);
  world.versions.previous = previous;
  await world.engine.refresh();
  expect(await world.engine.recommend("p00")).toMatchObject({
    source: "previous_version",
    modelVersion: first,
  });
});

describe("fallbacks", () => {
  test.each(["user_tower.onnx", "item_tower.onnx", "features.json", "manifest.json"])(
    "the version before answers where %s is gone",
    async (file) => {
      const world = engineWorld();
      const first = await world.deploy(1);
      const second = await world.deploy(2);
      await world.blobs.remove(`models/${second}/${file}`);
      const answer = await world.engine.recommend("p00");
      expect(answer).toMatchObject({ source: "previous_version", modelVersion: first });
      expect(world.notices[0]).toMatchObject({ version: second, code: expect.stringMatching(/^bundle_/) });
    },
  );

  test("the linear model answers where no towers are whole, popularity where nothing is", async () => {
    const world = engineWorld();
    const version = await world.deploy(1);
    await world.blobs.remove(`models/${version}/user_tower.onnx`);
    const seen = await seenBy(world, "p00");
    const linear = await world.engine.recommend("p00", { limit: 3 });
    expect(linear).toMatchObject({ source: "linear", modelVersion: version });
    for (const { itemId } of linear.recommendations) expect(seen).not.toContain(itemId);
    // Person 0 likes every third item, as do the others of that taste.
    for (const { itemId } of linear.recommendations) expect(Number(itemId.slice(1)) % 3).toBe(0);
    const scored = await world.engine.score(
      "p00",
      linear.recommendations.map(({ itemId }) => itemId),
    );
    expect(scored.source).toBe("linear");
    const [withdrawn] = linear.recommendations;
    await world.store.setWithdrawn(withdrawn!.itemId, true);
    const next = await world.engine.recommend("p00", { limit: 3 });
    expect(next.recommendations.map(({ itemId }) => itemId)).not.toContain(withdrawn!.itemId);
    await world.blobs.remove("models/");
    await world.engine.refresh();
    const popular = await world.engine.recommend("p00", { limit: 3 });
    expect(popular).toMatchObject({ source: "popularity", modelVersion: version });
    expect(popular.recommendations).toHaveLength(3);
    expect((await world.engine.score("p00", ["v01", "unknown"])).recommendations).toHaveLength(1);
  });

  test("a broken bundle is tried again after 1, 2 and 4 seconds, then every retryMs", async () => {
    const world = engineWorld({ retryMs: 5000 });
    const version = await world.deploy(1);
    await world.blobs.remove(`models/${version}/user_tower.onnx`);
    const began = world.clock.time;
    const tries: number[] = [];
    for (let second = 0; second <= 17; second++) {
      world.clock.time = began + second * 1000;
      const before = world.notices.length;
      await world.engine.recommend("p00");
      if (world.notices.length > before) tries.push(second);
    }
    expect(tries).toEqual([0, 1, 3, 7, 12, 17]);
  });

  test("a restored bundle serves again after retryMs", async () => {
    const world = engineWorld({ retryMs: 1000 });
    const version = await world.deploy(1);
    const path = `models/${version}/user_tower.onnx`;
    const bytes = (await world.blobs.read(path))!;
    await world.blobs.remove(path);
    expect((await world.engine.recommend("p00")).source).toBe("linear");
    await world.blobs.write(path, bytes);
    expect((await world.engine.recommend("p00")).source).toBe("linear");
    world.clock.time += 1000;
    expect((await world.engine.recommend("p00")).source).toBe("two_tower");
  });

  test("the linear model answers where a version has no vectors", async () => {
    const world = engineWorld();
    const version = await world.deploy(1);
    await world.vectors.dropPartition(version);
    expect((await world.engine.recommend("p00")).source).toBe("linear");
    expect((await world.engine.score("p00", ["v00", "v03", "v06"])).source).toBe("linear");
    await world.engine.storePersonVector("p00");
    expect((await world.vectors.userHashes(version)).size).toBe(1);
  });

  test("popularity answers where no version is active", async () => {
    const world = engineWorld();
    expect(await world.engine.recommend("p00")).toMatchObject({ source: "popularity", modelVersion: null });
    await expect(world.engine.storePersonVector("p00")).rejects.toMatchObject({ code: "model_missing" });
  });
});

test("storePersonVector() stores a unit vector under the active version", async () => {
  const world = engineWorld();
  const version = await world.deploy(1);
  const { vector, events } = await world.engine.storePersonVector("p00");
  expect([...(await world.vectors.userHashes(version)).keys()]).toEqual(["p00"]);
  expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  expect(events).toBeGreaterThan(0);
});
