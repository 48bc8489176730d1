import { describe, expect, test } from "vitest";
import { FutagoError } from "../src/base/mod.ts";
import { faultWorld } from "./fault-world.ts";
import type { TinyStores } from "./tiny-world.ts";

describe("a database that gives no answer", () => {
  function world(engine: Parameters<typeof faultWorld>[1] = {}) {
    const database = { away: false };
    const stores = ({ store, vectors, versions }: TinyStores): TinyStores => ({
      store: breakable(store, database),
      vectors: breakable(vectors, database),
      versions: breakable(versions, database),
    });
    return { ...faultWorld(undefined, { stores, ...engine }), database };
  }
  const refused = { status: 503, code: "database_unreachable" };

  test("[RC6] known viewers get the most liked from memory, and everybody else no answer", async () => {
    const { deploy, ask, engine, database, metric } = world();
    await deploy(1);
    await engine.refresh();
    expect(await ask("p00")).toMatchObject({ source: "two_tower" });
    database.away = true;
    expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
    // Nobody has asked for p01 before: their age is not known here.
    for (const id of ["p01", "p11", "nobody"]) expect(await ask(id)).toMatchObject(refused);
    const answer = await engine.recommend("somebody", { ageConfirmed: true, limit: 3 });
    expect(answer).toMatchObject({ source: "popularity", stale: true, modelVersion: null });
    expect(answer.recommendations).toHaveLength(3);
    await expect(engine.status()).rejects.toMatchObject({ code: "database_unreachable" });
    expect(
      await metric("futago_fallbacks_total", { source: "popularity", code: "database_unreachable" }),
    ).toBe(2);
    expect(await metric("futago_broken", { link: "database" })).toBe(1);
    database.away = false;
    expect(await ask("p00")).toMatchObject({ source: "two_tower" });
    expect(await ask("p11")).toMatchObject({ status: 403, code: "age_not_confirmed" });
    expect(await metric("futago_recoveries_total", { link: "database" })).toBe(1);
  });

  test("what is excluded, filtered or taken down here is not among them", async () => {
    const { deploy, engine, database } = world();
    await deploy(1);
    await engine.refresh();
    database.away = true;
    const idsOf = async (options: object = {}): Promise<string[]> =>
      (
        await engine.recommend("somebody", { ageConfirmed: true, limit: 1000, ...options })
      ).recommendations.map(({ itemId }) => itemId);
    const all = await idsOf();
    expect(all).toHaveLength(60);
    expect(await idsOf({ exclude: [all[0]!] })).toEqual(all.slice(1));
    expect(await idsOf({ candidates: [all[3]!, "unknown", all[1]!] })).toEqual([all[1], all[3]]);
    const forest = await idsOf({ filter: { genres: ["forest"], maxPrice: 600, excludeMakers: ["maker 1"] } });
    expect(forest.length).toBeGreaterThan(0);
    for (const id of forest) {
      const number = Number(id.slice(1));
      expect([number % 3, number % 5 !== 1, 300 + 10 * number <= 600]).toEqual([1, true, true]);
    }
    engine.withdraw({ itemId: all[0]! });
    expect(await idsOf()).toEqual(all.slice(1));
  });

  test("what a known viewer was read to have seen or refused is not among them, but among candidates it is", async () => {
    const { deploy, store, engine, database } = world();
    await deploy(1);
    await engine.refresh();
    const { events } = (await store.history("p00", { limit: 1000 }))!;
    const seen = new Set(events.map(({ itemId }) => itemId));
    expect(seen.size).toBeGreaterThan(3);
    await engine.recommend("p00");
    database.away = true;
    const answer = await engine.recommend("p00", { limit: 1000 });
    const ids = answer.recommendations.map(({ itemId }) => itemId);
    expect(ids).toHaveLength(60 - seen.size);
    for (const id of seen) expect(ids).not.toContain(id);
    const candidates = [...seen];
    const ranked = await engine.recommend("p00", { candidates });
    expect(ranked.recommendations.map(({ itemId }) => itemId).sort()).toEqual(candidates.sort());
  });

  test("a performer who is taken down is gone from memory, also while it is being read anew", async () => {
    const { deploy, store, engine, database } = world();
    await store.putItems([{ id: "v60", title: "Two at the lake", fields: { performers: ["Rin Asano"] } }]);
    await deploy(1);
    const reading = engine.refresh();
    await engine.status();
    engine.withdraw({ performer: "Rin Asano" });
    await reading;
    engine.withdraw({ performer: "Rin Asano" });
    database.away = true;
    const answer = await engine.recommend("somebody", { ageConfirmed: true, limit: 1000 });
    expect(answer.recommendations).toHaveLength(60);
  });

  test("memory is not shown once it is older than its bound, nor an age that was read too long ago", async () => {
    const { deploy, ask, engine, clock, database } = world();
    await deploy(1);
    await engine.refresh();
    await ask("p00");
    database.away = true;
    clock.time += 300_000;
    expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
    clock.time += 1;
    expect(await ask("p00")).toMatchObject(refused);
    database.away = false;
    await engine.refresh();
    database.away = true;
    clock.time += 200_000;
    expect(await ask("p00")).toMatchObject({ status: 200 });
    database.away = false;
    clock.time += 400_000;
    await engine.refresh();
    database.away = true;
    expect(await ask("p00")).toMatchObject(refused);
  });

  test("a viewer who is forgotten, or whose age is no longer confirmed, is not known", async () => {
    const { deploy, store, ask, engine, database } = world();
    await deploy(1);
    await engine.refresh();
    for (const id of ["p00", "p01"]) await ask(id);
    engine.forget("p00");
    await store.putPeople([{ id: "p01", fields: {} }]);
    await ask("p01");
    database.away = true;
    for (const id of ["p00", "p01"]) expect(await ask(id)).toMatchObject(refused);
  });

  test("a viewer who is forgotten while their profile is read stays forgotten", async () => {
    const database = { away: false };
    let meanwhile = (): void => {};
    const { deploy, ask, engine } = faultWorld(undefined, {
      stores: ({ store, vectors, versions }) => ({
        store: breakable(
          {
            ...store,
            history: async (personId: string, options: { readonly limit: number }) => {
              const read = await store.history(personId, options);
              meanwhile();
              return read;
            },
          },
          database,
        ),
        vectors: breakable(vectors, database),
        versions: breakable(versions, database),
      }),
    });
    await deploy(1);
    await engine.refresh();
    meanwhile = () => engine.forget("p00");
    expect((await ask("p00")).status).toBe(200);
    expect((await ask("p01")).status).toBe(200);
    meanwhile = () => {};
    expect((await ask("p02")).status).toBe(200);
    database.away = true;
    expect(await ask("p00")).toMatchObject(refused);
    expect((await ask("p02")).status).toBe(200);
  });

  test("with items 0 nobody is answered from memory", async () => {
    const { deploy, ask, engine, database } = world({ engine: { withoutDatabase: { items: 0 } } });
    await deploy(1);
    await engine.refresh();
    await ask("p00");
    database.away = true;
    expect(await ask("p00")).toMatchObject(refused);
  });

  test("no more ages are remembered than allowed", async () => {
    const { deploy, ask, engine, database } = world({ engine: { withoutDatabase: { people: 2 } } });
    await deploy(1);
    await engine.refresh();
    for (const id of ["p00", "p01", "p02"]) await ask(id);
    database.away = true;
    expect((await ask("p00")).status).toBe(503);
    expect((await ask("p01")).status).toBe(200);
    expect((await ask("p02")).status).toBe(200);
  });

  test("events are refused with 503, and nothing names a person", async () => {
    const { deploy, post, ask, database, logged } = world();
    await deploy(1);
    await ask("p00");
    database.away = true;
    const answer = await post("events", { events: [{ user_id: "p00", video_id: "v01", kind: "like" }] });
    expect(answer.status).toBe(503);
    await ask("p00");
    expect(logged.map(({ code }) => code)).toContain("database_unreachable");
    expect(JSON.stringify(logged)).not.toMatch(/p00|v01/);
  });
});

/** Every method fails while the database is away. */
function breakable<Store extends object>(store: Store, database: { readonly away: boolean }): Store {
  const gone = (): never => {
    throw new FutagoError("database_unreachable", "Cannot reach the database");
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (!database.away) return (value as (...given: unknown[]) => unknown).apply(target, args);
        // What gives pages gives none; everything else a promise that fails.
        if (name === "items" || name === "people" || name === "events") {
          return {
            [Symbol.asyncIterator]: () => ({ next: async () => gone() }),
          };
        }
        return Promise.resolve().then(gone);
      };
    },
  });
}
