import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createInferenceEngine } from "./inference-engine.ts";

const genreOf = (id: string) => ["harbour", "forest", "kitchen"][Number(id.slice(1)) % 3];

async function world(deploy = true) {
  const stores = tinyWorld();
  if (deploy) await stores.deploy(1);
  const engine = createInferenceEngine({ ...stores, refreshMs: 0, retryMs: 0 });
  const ask = async (personId: string, options = {}) => {
    const { recommendations, source } = await engine.recommend(personId, { limit: 10, ...options });
    return { source, ids: recommendations.map(({ itemId }) => itemId) };
  };
  return { ...stores, engine, ask };
}

describe("somebody who has liked nothing", () => {
  test("[RC21] is answered by the towers from what they said they like, and by another taste otherwise", async () => {
    const { store, ask, engine } = await world();
    expect((await ask("p10")).source).toBe("popularity");
    await store.declare("p10", { taste: { genres: ["forest"] } });
    const forest = await ask("p10");
    expect(forest.source).toBe("two_tower");
    await store.declare("p10", { taste: { genres: ["kitchen"], maker: ["maker 1"] } });
    const kitchen = await ask("p10");
    expect(kitchen.ids).not.toEqual(forest.ids);
    const ranked = await ask("p10", { candidates: ["v00", "v01", "v02"] });
    expect(ranked.source).toBe("two_tower");
    await store.declare("p10", { taste: { genres: [], maker: [] } });
    expect((await ask("p10")).source).toBe("popularity");
    await engine.close();
  });

  test("[RC22] is shown the most liked of it where no tower can be asked, then the most liked", async () => {
    const { store, vectors, ask, engine } = await world(false);
    const popular = (await vectors.popular({ limit: 60 })).map(({ itemId }) => itemId);
    expect(await ask("p10")).toEqual({ source: "popularity", ids: popular.slice(0, 10) });
    await store.declare("p10", { taste: { genres: ["forest"], maker: ["nobody's"] } });
    const { source, ids } = await ask("p10", { limit: 60 });
    expect(source).toBe("popularity");
    expect([...ids].sort()).toEqual([...popular].sort());
    // One of two fields matches, so that a like of it counts double: the order within the genre stays.
    const inTaste = (list: readonly string[]) => list.filter((id) => genreOf(id) === "forest");
    expect(inTaste(ids)).toEqual(inTaste(popular));
    expect(inTaste(ids.slice(0, 10)).length).toBeGreaterThan(inTaste(popular.slice(0, 10)).length);
    await engine.close();
  });

  test("is refused all the same without a confirmed age, whatever they declare", async () => {
    const { store, ask, engine } = await world();
    for (const id of ["p11", "stranger"]) {
      await store.declare(id, { taste: { genres: ["forest"] }, fields: { ageRange: "30s" } });
      await expect(ask(id)).rejects.toMatchObject({ code: "age_not_confirmed" });
    }
    await engine.close();
  });

  test("keeps a filter and what they exclude", async () => {
    for (const deployed of [true, false]) {
      const { store, ask, engine } = await world(deployed);
      await store.declare("p10", { taste: { genres: ["forest"] } });
      const { ids } = await ask("p10", { filter: { genres: ["kitchen"] }, exclude: ["v02"] });
      expect(ids).toHaveLength(10);
      expect(ids.every((id) => genreOf(id) === "kitchen" && id !== "v02")).toBe(true);
      await engine.close();
    }
  });
});
