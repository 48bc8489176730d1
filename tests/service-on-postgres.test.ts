import fc from "fast-check";
import { expect, test } from "vitest";
import { describeDatabases } from "../src/adapters/postgres/databases.conformance.ts";
import { FutagoError } from "../src/base/mod.ts";
import type { CatalogueStore } from "../src/catalogue/mod.ts";
import { testNow, tinyCatalogue } from "./tiny-model.ts";
import { tinyService } from "./tiny-service.ts";

const recommend = "/functions/v1/two_tower_recommendations";
const events = "/functions/v1/events";

describeDatabases("the service", (open) => {
  async function world() {
    const database = await open();
    const { catalogue: store, vectors, versions, people: records } = database;
    const { items, people, events } = tinyCatalogue();
    await store.putBatch({ items, people, events });
    const service = tinyService(
      { ping: () => database.ping() },
      { store, vectors, versions, people: records },
    );
    const version = await service.deploy(1);
    const idsFor = async (user_id: string, limit = 60): Promise<string[]> =>
      (await service.post(recommend, { user_id, limit })).body.recommendations!.map(
        ({ video_id }) => video_id,
      );
    return { ...service, database, version, idsFor };
  }

  test("a like, a nope, a take-down and a promotion each change the very next answer", async () => {
    const { post, store, deploy, idsFor, engine } = await world();
    const [first, second, third] = await idsFor("p00");
    await post(events, { events: [{ user_id: "p00", video_id: first, kind: "like" }] });
    expect(await idsFor("p00")).not.toContain(first);
    await post(events, { events: [{ user_id: "p00", video_id: second, kind: "nope" }] });
    expect(await idsFor("p00")).not.toContain(second);
    await store.setWithdrawn(third!, true);
    expect(await idsFor("p00")).not.toContain(third);
    expect(await idsFor("p01")).not.toContain(third);
    const next = await deploy(2);
    await engine.refresh();
    expect((await post(recommend, { user_id: "p00" })).body["model_version"]).toBe(next);
  });

  test("everything that is left is recommended, and never less", async () => {
    const { store, idsFor } = await world();
    const history = await store.history("p03", { limit: 1000 });
    const seen = new Set(history!.events.map((event) => event.itemId));
    expect((await idsFor("p03", 1000)).length).toBe(60 - seen.size);
  });

  test("a person who is erased is unknown at once, and their vector is gone", async () => {
    const { database, post, version, vectors } = await world();
    await post("/functions/v1/update_user_embedding", { user_id: "p00" });
    expect((await vectors.userHashes(version)).has("p00")).toBe(true);
    await database.people.erase("p00");
    expect((await post(recommend, { user_id: "p00" })).status).toBe(403);
    expect((await vectors.userHashes(version)).has("p00")).toBe(false);
  });

  test("a process that has answered them knows nothing of them any more, with the database and without", async () => {
    const { catalogue, vectors, versions, people } = await open();
    await catalogue.putBatch(tinyCatalogue());
    let away = false;
    const store: CatalogueStore = {
      ...catalogue,
      history: async (personId, options) => {
        if (away) throw new FutagoError("database_unreachable", "Cannot read: the database is away");
        return catalogue.history(personId, options);
      },
    };
    const { deploy, engine, post } = tinyService({ people }, { store, vectors, versions });
    await deploy(1);
    await engine.refresh();
    const answers = async (user_id: string): Promise<number> => (await post(recommend, { user_id })).status;
    for (const user_id of ["p00", "p01"]) {
      await post("/functions/v1/blocks", { user_id, makers: ["maker 1"] });
      await post("/functions/v1/update_user_embedding", { user_id });
      expect(await answers(user_id)).toBe(200);
    }
    away = true;
    // Both are known from before.
    expect([await answers("p00"), await answers("p01")]).toEqual([200, 200]);
    away = false;
    const erased = await post("/functions/v1/erase_person", { user_id: "p00" });
    expect(erased.body).toMatchObject({ erased: true });
    expect(await people.export("p00")).toBeUndefined();
    expect([await answers("p00"), await answers("p01")]).toEqual([403, 200]);
    away = true;
    expect([await answers("p00"), await answers("p01")]).toEqual([503, 200]);
    await engine.close();
  });

  test("ids of any characters that the service accepts are safe in the database", async () => {
    const { post } = await world();
    const character = fc.oneof(
      fc.constantFrom("'", '"', "\\", "%", "{", ",", "\u2028", "\uffff", "双"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    );
    const id = fc
      .string({ unit: character, minLength: 1, maxLength: 30 })
      .filter((text) => !/\p{Cc}/u.test(text));
    await fc.assert(
      fc.asyncProperty(id, id, async (user_id, video_id) => {
        const asked = await post(recommend, { user_id, candidates: [video_id], exclude: [video_id] });
        expect(asked.status).toBe(403);
        const known = await post(recommend, {
          user_id: "p00",
          candidates: [video_id, "v01"],
          exclude: [user_id],
        });
        expect(known.status).toBe(200);
        const sent = await post(events, { events: [{ user_id, video_id, kind: "like" }] });
        expect(sent.status).toBe(422);
        const seen = await post(events, {
          events: [{ user_id, video_id: "v01", kind: "view", at: testNow - 5 }],
        });
        expect(seen.status).toBe(200);
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});
