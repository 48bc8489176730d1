import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createInferenceEngine } from "./inference-engine.ts";
import { withNewcomers } from "./newcomers.ts";
import type { RecommendOptions } from "./recommend-options.ts";

const day = 86_400_000;

/** An engine that gives new items a share; item v00 was released now, each after it a day earlier. */
async function world(share = 0.3) {
  const stores = tinyWorld();
  await stores.deploy(1);
  const exploration = { share, withinDays: 10, mostLikes: 1 };
  const engine = createInferenceEngine({ ...stores, refreshMs: 0, retryMs: 0, exploration });
  const ask = async (personId: string, options: RecommendOptions = {}) =>
    (await engine.recommend(personId, { limit: 10, ...options })).recommendations;
  const explored = async (personId: string, options: RecommendOptions = {}) =>
    (await ask(personId, options)).filter((item) => item.explored).map(({ itemId }) => itemId);
  return { ...stores, engine, ask, explored };
}

const people = ["p00", "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09"];

describe("exploration", () => {
  test("[RC23] gives a share of the places to what is new and liked by few, marked, and never the first", async () => {
    const { engine, store, ask } = await world();
    const likes = new Map<string, number>();
    for await (const page of store.events()) {
      for (const { itemId, kind } of page)
        if (kind === "like") likes.set(itemId, (likes.get(itemId) ?? 0) + 1);
    }
    let count = 0;
    for (const person of people) {
      const found = await ask(person);
      expect(found).toHaveLength(10);
      expect(new Set(found.map(({ itemId }) => itemId)).size).toBe(10);
      expect(found.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(found[0]).not.toHaveProperty("explored");
      for (const { itemId, explored } of found) {
        if (explored === undefined) continue;
        count++;
        expect(Number(itemId.slice(1))).toBeLessThan(10);
        expect(likes.get(itemId) ?? 0).toBeLessThanOrEqual(1);
      }
    }
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(3 * people.length);
    await engine.close();
  });

  test("[RC24] shows a viewer the same all day, and something else on another day or to others", async () => {
    const { engine, clock, ask } = await world(0.2);
    const ofDays = new Set<string>();
    for (let days = 0; days < 8; days++) {
      const today = await ask("p00");
      expect(await ask("p00")).toEqual(today);
      ofDays.add(today.map(({ itemId, explored }) => (explored ? itemId : "")).join());
      clock.time += day;
    }
    expect(ofDays.size).toBeGreaterThan(1);
    await engine.close();
  });

  test("keeps to filters, blocks, take-downs, caps and what was seen", async () => {
    const { engine, store, ask, explored } = await world(0.5);
    const person = (await Promise.all(people.map(async (id) => [id, await explored(id)] as const))).find(
      ([, found]) => found.length > 0,
    )![0];
    const [first] = await explored(person);
    await store.setWithdrawn(first!, true);
    expect((await ask(person)).map(({ itemId }) => itemId)).not.toContain(first);
    for (const { itemId } of await ask(person, { filter: { genres: ["forest"] } })) {
      expect(Number(itemId.slice(1)) % 3).toBe(1);
    }
    const capped = (await ask(person, { caps: { maker: 1 } })).map(
      ({ itemId }) => Number(itemId.slice(1)) % 5,
    );
    expect(capped.toSorted()).toEqual([0, 1, 2, 3, 4]);
    await store.setBlocks(person, { makers: ["maker 0", "maker 1", "maker 2"], performers: [] });
    for (const { itemId } of await ask(person)) expect(Number(itemId.slice(1)) % 5).toBeGreaterThan(2);
    await engine.close();
  });

  test("gives nothing where no share is given, nor to a viewer whose age is not confirmed", async () => {
    const { engine, explored } = await world(0);
    for (const person of people) expect(await explored(person)).toEqual([]);
    await engine.close();
    const other = await world(1);
    await expect(other.ask("p11")).rejects.toMatchObject({ code: "age_not_confirmed" });
    await other.engine.close();
  });

  test("what is found anyway stays where it is, and what stood at a place moves down", () => {
    const found = ["a", "b", "c"].map((itemId, i) => ({ itemId, score: 3 - i }));
    const newcomers = [
      { itemId: "x", score: 0.5, place: 1 },
      { itemId: "c", score: 1, place: 2 },
    ];
    expect(withNewcomers(found, newcomers)).toEqual([
      { itemId: "a", score: 3 },
      { itemId: "x", score: 0.5, explored: true },
      { itemId: "b", score: 2 },
      { itemId: "c", score: 1 },
    ]);
  });
});
