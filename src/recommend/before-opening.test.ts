import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import type { BlobStore } from "../base/mod.ts";
import { embedPeople, historyContentHash, madeFrom } from "../embeddings/mod.ts";
import { loadModel } from "../registry/mod.ts";
import { foldIn } from "./fold-in.ts";
import { createInferenceEngine, type InferenceEngineDeps } from "./inference-engine.ts";

/** A world with a version whose viewers' vectors are stored, and a process that has just started: its bundle does not come. */
async function storedWorld(deps: Partial<InferenceEngineDeps> = {}, kind?: "sequence") {
  const world = tinyWorld();
  const { blobs, runtime, store, vectors, clock } = world;
  const version = await world.deploy(1, kind);
  const { towers } = await loadModel({ blobs, runtime }, version);
  await embedPeople({ towers, version, store, vectors, asOf: clock.now() });
  const settled = createInferenceEngine(world);
  await settled.refresh();
  const wanted = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const late: BlobStore = {
    ...blobs,
    read: async (...given) => {
      wanted.resolve();
      await gate.promise;
      return blobs.read(...given);
    },
  };
  const started = createInferenceEngine({ ...world, blobs: late, ...deps });
  return { ...world, version, settled, started, wanted: wanted.promise, come: gate.resolve };
}

const idsOf = ({ recommendations }: { readonly recommendations: readonly { readonly itemId: string }[] }) =>
  recommendations.map(({ itemId }) => itemId);

describe("before a version is open", () => {
  test("[ED14] a stored vector answers as the towers do, and opening begins behind it", async () => {
    const { started, settled, version, wanted, come } = await storedWorld();
    const answer = await started.recommend("p00", { limit: 10 });
    expect(answer).toMatchObject({ source: "two_tower", modelVersion: version });
    expect(idsOf(answer)).toEqual(idsOf(await settled.recommend("p00", { limit: 10 })));
    await wanted;
    come();
    await started.refresh();
    const opened = await started.recommend("p00", { limit: 10 });
    expect(idsOf(opened)).toEqual(idsOf(answer));
    await started.close();
  });

  test("[ED16] what was liked since is folded in, until the towers are open", async () => {
    const { started, settled, store, vectors, version, clock, come } = await storedWorld();
    const before = idsOf(await settled.recommend("p00", { limit: 30 }));
    const liked = before[4]!;
    const { vector } = (await vectors.userVector(version, "p00"))!;
    await store.putEvents([{ personId: "p00", itemId: liked, kind: "like", at: clock.now() }]);
    const answer = await started.recommend("p00", { limit: 10 });
    expect(answer).toMatchObject({ source: "two_tower", modelVersion: version });
    const folded = foldIn(vector, (await vectors.itemVectors(version, [liked])).values());
    const near = await vectors.nearest({ version, vector: folded, limit: 10, personId: "p00" });
    expect(idsOf(answer)).toEqual(near.map(({ itemId }) => itemId));
    expect(idsOf(answer)).not.toContain(liked);
    come();
    await started.refresh();
    expect(await started.recommend("p00", { limit: 10 })).toEqual(
      await settled.recommend("p00", { limit: 10 }),
    );
    await started.close();
  });

  test.each([
    ["another profile", { region: "elsewhere" }, 0],
    ["more than a few events less", {}, 11],
    ["one event less, and the towers read their order", {}, 1, "sequence"],
  ] as const)("[ED14] waits for the towers where the vector was made from %s", async (...given) => {
    const [, fields, events, kind] = given;
    const { started, settled, store, clock, wanted, come } = await storedWorld({}, kind);
    const { person } = (await store.history("p00", { limit: 1 }))!;
    await store.putPeople([{ ...person, fields: { ...person.fields, ...fields } }]);
    const shown = idsOf(await settled.recommend("p00", { limit: 11 }));
    await store.putEvents(
      shown.slice(0, events).map((itemId) => ({ personId: "p00", itemId, kind: "view", at: clock.now() })),
    );
    let answered = false;
    const asked = started.recommend("p00", { limit: 10 }).then((answer) => {
      answered = true;
      return answer;
    });
    await wanted;
    // It cannot be answered yet; another viewer can.
    expect((await started.recommend("p01", { limit: 10 })).source).toBe("two_tower");
    expect(answered).toBe(false);
    come();
    expect(await asked).toEqual(await settled.recommend("p00", { limit: 10 }));
    await started.close();
  });

  test("[ED15] a vector that is current is told as it is stored; one that is not waits for the towers", async () => {
    const { started, settled, store, vectors, version, clock, come } = await storedWorld();
    const { vector } = (await vectors.userVector(version, "p00"))!;
    const { events } = (await store.history("p00", { limit: 1000 }))!;
    const told = await started.storePersonVector("p00");
    expect(told).toEqual({ version, vector, events: events.length, stored: true });
    await expect(started.storePersonVector("p11")).rejects.toMatchObject({ code: "age_not_confirmed" });
    await store.putEvents([{ personId: "p00", itemId: events[0]!.itemId, kind: "view", at: clock.now() }]);
    let embedded = false;
    const asked = started.storePersonVector("p00").then((answer) => {
      embedded = true;
      return answer;
    });
    await started.storePersonVector("p01");
    expect(embedded).toBe(false);
    come();
    expect(await asked).toEqual(await settled.storePersonVector("p00"));
    expect((await asked).events).toBe(events.length + 1);
    await started.close();
  });

  test("[ED14] popularity answers who never did anything", async () => {
    const { started, settled, come } = await storedWorld();
    const answer = await started.recommend("p10", { limit: 3 });
    expect(answer).toEqual(await settled.recommend("p10", { limit: 3 }));
    expect(answer.source).toBe("popularity");
    come();
    await started.close();
  });

  test("[ED14] refuses whoever's age is not confirmed", async () => {
    const { started, come } = await storedWorld();
    for (const id of ["p11", "nobody"])
      await expect(started.recommend(id)).rejects.toMatchObject({ code: "age_not_confirmed" });
    come();
    await started.close();
  });

  test.each([
    ["reasons", {}, { explain: "en" }],
    ["a formula", { value: { similarity: 1 } }, {}],
  ] as const)("waits for the bundle where the answer has %s", async (_, deps, options) => {
    const { started, wanted, come } = await storedWorld(deps);
    let answered = false;
    const asked = started.recommend("p00", options).then((answer) => {
      answered = true;
      return answer;
    });
    await wanted;
    expect(answered).toBe(false);
    come();
    expect((await asked).source).toBe("two_tower");
    await started.close();
  });
});

describe("madeFrom", () => {
  const event = (at: number) => ({ personId: "p", itemId: `v${at}`, kind: "like" as const, at });
  const history = (...at: readonly number[]) => ({
    person: { id: "p", fields: { region: "north" } },
    events: at.map(event),
    items: new Map(),
  });

  test("finds the newest events that were encoded, however many more are read, and what came since", async () => {
    const hash = await historyContentHash(history(2, 3), 2);
    const made = (...at: readonly number[]) => madeFrom(hash, { history: history(...at), read: 1000 });
    expect(await made(2, 3)).toEqual({ events: 2, since: [] });
    expect(await made(1, 2, 3)).toEqual({ events: 2, since: [] });
    expect(await made(2, 3, 4)).toEqual({ events: 2, since: [event(4)] });
    expect(await made(1, 2, 3, 4, 5)).toEqual({ events: 2, since: [event(4), event(5)] });
    expect(await made(3)).toBeUndefined();
    expect(await made(2, 3, ...Array.from({ length: 10 }, (_, i) => 4 + i))).toMatchObject({ events: 2 });
    expect(await made(2, 3, ...Array.from({ length: 11 }, (_, i) => 4 + i))).toBeUndefined();
  });

  test("does not hold for other fields, an older event that came late, or a hash that says nothing of events", async () => {
    const hash = await historyContentHash(history(2, 3), 100);
    const elsewhere = { ...history(2, 3), person: { id: "p", fields: { region: "south" } } };
    expect(await madeFrom(hash, { history: elsewhere, read: 1000 })).toBeUndefined();
    expect(await madeFrom(hash, { history: history(1, 2, 3), read: 1000 })).toBeUndefined();
    expect(await madeFrom("0123456789abcdef", { history: history(2, 3), read: 1000 })).toBeUndefined();
    expect(await madeFrom("", { history: history(), read: 1000 })).toBeUndefined();
  });

  test("cannot be said where towers read more than was read", async () => {
    const hash = await historyContentHash(history(1, 2, 3), 5);
    expect(await madeFrom(hash, { history: history(2, 3), read: 2 })).toBeUndefined();
    expect(await madeFrom(hash, { history: history(1, 2, 3), read: 4 })).toEqual({ events: 3, since: [] });
    // A fourth may have been before the first, and may have been encoded.
    expect(await madeFrom(hash, { history: history(1, 2, 3, 4), read: 4 })).toBeUndefined();
  });
});
