import { describe, expect, test } from "vitest";
import { describeDatabases } from "../src/adapters/postgres/databases.conformance.ts";
import { createMemoryCatalogue, createMemoryPersonRecords } from "../src/catalogue/mod.ts";
import { createMemoryVectorStore } from "../src/embeddings/mod.ts";
import { createMemoryVersionStore } from "../src/registry/mod.ts";
import type { Caller } from "../src/service/mod.ts";
import { tinyCatalogue } from "./tiny-model.ts";
import { tinyService } from "./tiny-service.ts";
import type { TinyStores } from "./tiny-world.ts";

// What the routes do, for the application and for viewers; who may ask which is the business of route-table.ts.
const f = "/functions/v1";

/** A service that believes what a test says of who asks. */
async function world(open: () => Promise<TinyStores>) {
  let caller: Caller = { kind: "service" };
  const stores = await open();
  const { items, people, events } = tinyCatalogue();
  const cast = items.map((item, i) => ({
    ...item,
    fields: { ...item.fields, performers: [`performer ${i % 7}`] },
  }));
  await stores.store.putBatch({ items: cast, people, events });
  const service = tinyService({ authenticator: { authenticate: async () => caller } }, stores);
  return {
    ...service,
    as: (next: Caller) => {
      caller = next;
    },
    ask: async (route: string, body: object = {}) => {
      const { status, body: answer } = await service.post(`${f}/${route}`, body);
      return { status, ...answer, request_id: undefined };
    },
    recommended: async (body: object): Promise<string[]> =>
      (await service.post(`${f}/recommendations`, { limit: 60, ...body })).body.recommendations!.map(
        ({ video_id }) => video_id,
      ),
  };
}

const viewer = (personId: string, ageConfirmed = false): Caller => ({
  kind: "viewer",
  personId,
  ageConfirmed,
});

/** What is kept of people: of every store there is. */
function testKept(open: () => Promise<TinyStores>): void {
  test("somebody new blocks, and has no confirmed age by it", async () => {
    const { ask, as, store } = await world(open);
    as(viewer("new"));
    expect(await ask("blocks")).toMatchObject({ status: 200, makers: [], performers: [] });
    expect(await store.history("new", { limit: 1 })).toBeUndefined();
    expect(await ask("blocks", { makers: ["m"] })).toMatchObject({ makers: ["m"] });
    expect((await store.history("new", { limit: 1 }))?.person).toEqual({ id: "new", fields: {} });
  });

  test("what somebody says they like is merged, read back, and handed over; it confirms no age", async () => {
    const { ask, as, store } = await world(open);
    as(viewer("new"));
    const nothing = { genres: [], makers: [], performers: [], age_range: null, region: null };
    expect(await ask("taste")).toMatchObject({ status: 200, ...nothing });
    expect(await store.history("new", { limit: 1 })).toBeUndefined();
    await ask("taste", { genres: ["forest"], makers: ["maker 1"], age_range: "30s" });
    const said = await ask("taste", { makers: [], region: "north" });
    expect(said).toMatchObject({ genres: ["forest"], makers: [], age_range: "30s", region: "north" });
    expect((await ask("recommendations")).status).toBe(403);
    const { tables } = (await ask("export_person")) as unknown as { tables: Record<string, unknown[]> };
    expect(tables["profiles"]).toMatchObject([{ user_id: "new", taste: { genres: ["forest"], maker: [] } }]);
    expect(await ask("erase_person")).toMatchObject({ erased: true });
    expect(await ask("taste")).toMatchObject(nothing);
    const wrong = await ask("taste", { genres: Array.from({ length: 101 }, (_, i) => `${i}`) });
    expect(wrong.status).toBe(400);
  });

  test("confirm_age opens the door and closes it, and keeps what else is known", async () => {
    const { ask, store, clock } = await world(open);
    await store.putPeople([{ id: "p11", fields: { region: "north" } }]);
    const asked = () => ask("recommendations", { user_id: "p11" }).then(({ status }) => status);
    expect(await asked()).toBe(403);
    expect(await ask("confirm_age", { user_id: "p11" })).toMatchObject({ age_confirmed: true });
    expect(await asked()).toBe(200);
    const confirmed = { id: "p11", fields: { region: "north" }, ageConfirmedAt: clock.time };
    clock.time += 1000;
    await ask("confirm_age", { user_id: "p11" });
    expect((await store.history("p11", { limit: 1 }))?.person).toEqual(confirmed);
    expect(await ask("confirm_age", { user_id: "p11", confirmed: false })).toMatchObject({
      age_confirmed: false,
    });
    expect(await asked()).toBe(403);
    expect((await store.history("p11", { limit: 1 }))?.person).toEqual({
      id: "p11",
      fields: { region: "north" },
    });
    await ask("confirm_age", { user_id: "new" });
    expect((await ask("recommendations", { user_id: "new" })).status).toBe(200);
  });

  test("a claim of age takes the place of a profile's, and does not outlive the request", async () => {
    const { ask, as, deploy } = await world(open);
    const version = await deploy(1);
    for (const id of ["p11", "new"]) {
      as(viewer(id, true));
      expect((await ask("recommendations")).status).toBe(200);
      expect((await ask("recommendations", { candidates: ["v01"] })).status).toBe(200);
      expect(await ask("user_embedding_v2")).toMatchObject({ status: 200, model_version: version });
      as(viewer(id));
      for (const route of ["recommendations", "user_embedding_v2", "update_user_embedding"]) {
        expect((await ask(route)).status).toBe(403);
      }
    }
  });

  test("vectors are stored for everybody, and shown to the application alone", async () => {
    const { ask, as, deploy, vectors } = await world(open);
    const version = await deploy(1);
    const own = await ask("user_embedding_v2", { user_id: "p00" });
    expect(own).toMatchObject({ model_version: version, dims: 16, events: 7 });
    const length = Math.hypot(...(own as unknown as { vector: number[] }).vector);
    expect(length).toBeCloseTo(1, 5);
    as(viewer("p01"));
    for (const route of ["user_embedding_v2", "update_user_embedding"]) {
      const { status: _, request_id: __, ...body } = await ask(route);
      expect(Object.keys(body).sort()).toEqual(["dims", "events", "model_version", "stored"]);
    }
    expect([...(await vectors.userHashes(version)).keys()].sort()).toEqual(["p00", "p01"]);
    expect(JSON.stringify(await ask("export_person"))).not.toContain('"embedding"');
    as({ kind: "service" });
    expect(JSON.stringify(await ask("export_person", { user_id: "p01" }))).toContain('"embedding"');
  });

  test("export_person hands over what erase_person then removes", async () => {
    const { ask, as } = await world(open);
    as(viewer("p00"));
    await ask("blocks", { makers: ["maker 2"] });
    const kept = (await ask("export_person")) as unknown as {
      user_id: string;
      tables: Record<string, object[]>;
    };
    expect(kept.user_id).toBe("p00");
    expect(kept.tables["likes"]!.length).toBeGreaterThan(3);
    expect(kept.tables["user_blocks"]).toHaveLength(1);
    expect(await ask("erase_person")).toMatchObject({ status: 200, erased: true });
    expect(await ask("erase_person")).toMatchObject({ status: 200, erased: false });
    expect((await ask("export_person")).error?.code).toBe("not_found");
    expect((await ask("recommendations")).status).toBe(403);
  });
}

function testAnswers(open: () => Promise<TinyStores>): void {
  test("recommendations are those of two_tower_recommendations, under a filter too", async () => {
    const { ask, deploy, recommended } = await world(open);
    await deploy(1);
    const body = { user_id: "p00", limit: 5 };
    expect(await ask("recommendations", body)).toEqual(await ask("two_tower_recommendations", body));
    const filter = {
      genres: ["forest"],
      min_price: 400,
      max_price: 700,
      exclude_makers: ["maker 1"],
      exclude_performers: ["performer 2"],
    };
    const found = await recommended({ user_id: "p00", filter });
    expect(found.length).toBeGreaterThan(3);
    for (const id of found) {
      const i = Number(id.slice(1));
      expect([i % 3, i % 5 === 1, i % 7 === 2, 300 + 10 * i >= 400 && 300 + 10 * i <= 700]).toEqual([
        1,
        false,
        false,
        true,
      ]);
    }
  });

  test("an answer varies as it is asked to, and keeps to a filter all the same", async () => {
    const { ask, deploy, recommended } = await world(open);
    await deploy(1);
    const plain = await recommended({ user_id: "p00", limit: 10 });
    const diverse = await recommended({ user_id: "p00", limit: 10, diversity: 0.9 });
    expect(diverse[0]).toBe(plain[0]);
    expect(diverse).not.toEqual(plain);
    // Each of the 5 makers once; of the 7 performers at most 3 once each.
    const one = await recommended({ user_id: "p00", limit: 20, max_per_maker: 1, diversity: 0.5 });
    expect(one.map((id) => Number(id.slice(1)) % 5).sort()).toEqual([0, 1, 2, 3, 4]);
    const each = await recommended({
      user_id: "p00",
      max_per_performer: 1,
      filter: { genres: ["forest"], exclude_performers: ["performer 0"] },
    });
    expect(each.map((id) => Number(id.slice(1)) % 7).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    const { status, error } = await ask("recommendations", {
      user_id: "p00",
      diversity: 2,
      max_per_maker: 0,
    });
    expect(status).toBe(400);
    expect((error as { issues: unknown }).issues).toEqual([
      { path: "diversity", expected: "a number from 0 to 1", received: "2" },
      { path: "max_per_maker", expected: "a whole number from 1 to 1000", received: "0" },
    ]);
  });

  test("a viewer's events and blocks change their next answer, and nobody else's", async () => {
    const { ask, as, deploy, recommended } = await world(open);
    await deploy(1);
    const of = async (id: string) => {
      as(viewer(id));
      return recommended({});
    };
    const others = await of("p01");
    const before = await of("p00");
    await ask("events", { events: [{ video_id: before[0], kind: "nope" }] });
    expect(await ask("blocks", { makers: ["maker 2"] })).toMatchObject({
      makers: ["maker 2"],
      performers: [],
    });
    expect(await ask("blocks", { performers: ["performer 3"] })).toMatchObject({
      makers: ["maker 2"],
      performers: ["performer 3"],
    });
    const left = before
      .slice(1)
      .filter((id) => Number(id.slice(1)) % 5 !== 2 && Number(id.slice(1)) % 7 !== 3);
    expect([...(await of("p00"))].sort()).toEqual([...left].sort());
    expect(await of("p01")).toEqual(others);
    as(viewer("p00"));
    expect(await ask("blocks", { makers: [], performers: [] })).toMatchObject({ makers: [], performers: [] });
    expect([...(await of("p00"))].sort()).toEqual([...before.slice(1)].sort());
  });

  test("update_user_embedding answers without towers, as the linear model reads events itself", async () => {
    const { ask, blobs, deploy } = await world(open);
    expect(await ask("update_user_embedding", { user_id: "p00" })).toMatchObject({
      model_version: null,
      dims: 0,
    });
    const version = await deploy(1);
    await blobs.remove(`models/${version}/user_tower.onnx`);
    expect(await ask("reload_models")).toMatchObject({ model_version: version, source: "linear" });
    expect(await ask("update_user_embedding", { user_id: "p00" })).toMatchObject({
      model_version: version,
      dims: 0,
    });
    expect((await ask("user_embedding_v2", { user_id: "p00" })).error?.code).toBe("model_missing");
    expect((await ask("update_user_embedding", { user_id: "p11" })).error?.code).toBe("age_not_confirmed");
  });

  test("item_embedding stores vectors of what was put, and names what has none", async () => {
    const { ask, deploy, store, vectors } = await world(open);
    const version = await deploy(1);
    await store.putItems([{ id: "new", title: "harbour at dawn", fields: { genres: ["harbour"] } }]);
    expect((await vectors.itemHashes(version)).has("new")).toBe(false);
    expect(await ask("item_embedding", { video_ids: ["new", "v99"] })).toMatchObject({
      model_version: version,
      embedded: 1,
      left: ["v99"],
    });
    expect((await vectors.itemHashes(version)).has("new")).toBe(true);
  });

  test("takedown takes a video and a performer out of the next answer, and puts them back", async () => {
    const { ask, deploy, recommended } = await world(open);
    await deploy(1);
    const before = await recommended({ user_id: "p00" });
    expect(await ask("takedown", { video_id: before[0] })).toMatchObject({ status: 200, withdrawn: true });
    expect(await recommended({ user_id: "p00" })).toEqual(before.slice(1));
    await ask("takedown", { performer: "performer 3" });
    expect((await recommended({ user_id: "p00" })).some((id) => Number(id.slice(1)) % 7 === 3)).toBe(false);
    await ask("takedown", { performer: "performer 3", withdrawn: false });
    await ask("takedown", { video_id: before[0], withdrawn: false });
    expect([...(await recommended({ user_id: "p00" }))].sort()).toEqual([...before].sort());
    for (const wrong of [{ video_id: "v99" }, { performer: "nobody" }]) {
      expect((await ask("takedown", wrong)).error?.code).toBe("not_found");
    }
  });

  test("one viewer's event among others records nothing", async () => {
    const { ask, as, store } = await world(open);
    const before = await store.counts();
    as(viewer("p00"));
    const answer = await ask("events", {
      events: [
        { video_id: "v01", kind: "view" },
        { user_id: "p01", video_id: "v01", kind: "view" },
      ],
    });
    expect(answer.error?.code).toBe("forbidden");
    expect(await store.counts()).toEqual(before);
  });
}

describe("[SV9] whatever serves, without a confirmed age there is nothing", () => {
  type World = Awaited<ReturnType<typeof world>>;
  const sources: readonly (readonly [string, (world: World) => Promise<unknown>])[] = [
    ["two_tower", ({ deploy }) => deploy(1)],
    ["previous_version", ({ deploy }) => deploy(2).then(() => deploy(1))],
    ["linear", ({ deploy }) => deploy(1)],
    ["popularity", async () => {}],
  ];
  test.each(sources)("%s", async (source, prepare) => {
    const opened = await world(inMemory);
    const { as, ask } = opened;
    const version = await prepare(opened);
    if (source !== "two_tower") await opened.blobs.remove(`models/${version}/user_tower.onnx`);
    const bodies = [{}, { candidates: ["v01", "v02"] }, { filter: { max_price: 500 } }, { limit: 1000 }];
    const callers: readonly (readonly [Caller, string | undefined, number])[] = [
      [viewer("p11"), undefined, 403],
      [viewer("stranger"), undefined, 403],
      [{ kind: "service" }, "p11", 403],
      [{ kind: "service" }, "stranger", 403],
      [viewer("p11", true), undefined, 200],
      [viewer("p00"), undefined, 200],
      [{ kind: "service" }, "p00", 200],
    ];
    for (const [caller, user_id, expected] of callers) {
      as(caller);
      for (const body of bodies) {
        const answer = await ask("recommendations", { user_id, ...body });
        expect(answer.status).toBe(expected);
        expect(answer.error?.code).toBe(expected === 200 ? undefined : "age_not_confirmed");
        if (expected === 200 && body === bodies[0]) expect(answer).toMatchObject({ source });
      }
    }
  });
});

async function inMemory(): Promise<TinyStores> {
  const store = createMemoryCatalogue();
  const vectors = createMemoryVectorStore(store);
  const people = createMemoryPersonRecords(store, { vectors });
  return { store, vectors, versions: createMemoryVersionStore(), people };
}

describe("the routes in memory", () => {
  testKept(inMemory);
  testAnswers(inMemory);
});

describeDatabases("the routes", (open) =>
  testKept(async () => {
    const { catalogue: store, vectors, versions, people } = await open();
    return { store, vectors, versions, people };
  }),
);
