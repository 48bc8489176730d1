import { afterEach, expect, test } from "vitest";
import { isFutagoError } from "../src/base/mod.ts";
import { createMemoryCatalogue } from "../src/catalogue/mod.ts";
import { createMemoryVectorStore, embedCatalogue } from "../src/embeddings/mod.ts";
import { createMemorySyncStore, syncItems } from "../src/sync/mod.ts";
import { type DmmFacts, type FakeDmm, startFakeDmm } from "./fake-dmm/mod.ts";
import { expectedItems, storedItems, syncNow, syncWorld } from "./sync-world.ts";

let fake: FakeDmm;
afterEach(() => fake?.close());

function memoryStores() {
  const catalogue = createMemoryCatalogue();
  return {
    catalogue,
    sync: createMemorySyncStore(catalogue),
    vectors: createMemoryVectorStore(catalogue),
  };
}

/** As 30,000 items are to pages of 100 and a ceiling of 5,000; `npm run bench -- sync` has the whole size. */
const sixTimesTheCeiling = { items: 6000, maxOffset: 1000 };
const limits = { hits: 20, maxOffset: 1000 };
const idOf = ({ floor, contentId }: DmmFacts) => `dmm:${floor.replaceAll("/", ":")}:${contentId}`;

test("[SY1] a catalogue of six times the ceiling ends as the server's, with at most 1.2 times the fewest requests", async () => {
  fake = await startFakeDmm({ ...sixTimesTheCeiling, seed: 3 });
  const { stores, sync } = syncWorld(fake, memoryStores(), limits);
  const size = expectedItems(fake).size;
  expect(await sync()).toMatchObject({
    mode: "full",
    finished: true,
    inserted: size,
    embedded: size,
    unread: 0,
  });
  expect(await storedItems(stores.catalogue)).toEqual(expectedItems(fake));
  const sizes = fake.floors.map(
    (floor) => fake.listing.all().filter((facts) => facts.floor === floor).length,
  );
  const fewest = sizes.reduce((sum, rows) => sum + Math.ceil(rows / limits.hits), 0);
  expect(fake.requests.total).toBeLessThanOrEqual(1.2 * fewest);
});

test("[SY2] a second sync embeds exactly what changed, and not what changes from day to day", async () => {
  fake = await startFakeDmm({ items: 1000, seed: 4 });
  const { stores, sync, tower } = syncWorld(fake, memoryStores());
  await sync();
  const all = fake.listing.all();
  const changed = all.filter((_, n) => n % 100 === 7);
  const dearer = all.filter((_, n) => n % 100 === 8);
  fake.listing.put(changed.map((facts) => ({ ...facts, title: `${facts.title} (new cut)` })));
  fake.listing.put(dearer.map((facts) => ({ ...facts, price: facts.price + 10 })));
  tower.embedded.length = 0;
  const updated = changed.length + dearer.length;
  expect(await sync({ mode: "full" })).toMatchObject({
    inserted: 0,
    updated,
    unchanged: all.length - updated,
    withdrawn: 0,
  });
  expect(await storedItems(stores.catalogue)).toEqual(expectedItems(fake));
  expect(tower.embedded.sort()).toEqual(changed.map(idOf).sort());
});

test("[SY3] an incremental sync reads what is recent and announced, and nothing else", async () => {
  fake = await startFakeDmm({ items: 2000, seed: 5 });
  const { stores, sync, tower, time } = syncWorld(fake, memoryStores());
  await sync();
  const before = fake.requests.itemList;
  const all = fake.listing.all();
  const announced = all.filter((facts) => facts.at > time.now);
  expect(announced.length).toBeGreaterThan(10);
  // Their performers, genres and running times arrive, the dates of some move, and something new is there.
  fake.listing.put(
    announced.map((facts, n) => ({ ...facts, announced: false, at: facts.at + (n % 3) * 86_400_000 })),
  );
  fake.listing.put([{ ...all[0]!, contentId: "brand-new", at: time.now - 86_400_000 }]);
  tower.embedded.length = 0;
  expect(await sync()).toMatchObject({ mode: "incremental", finished: true, inserted: 1 });
  expect(await storedItems(stores.catalogue)).toEqual(expectedItems(fake));
  expect(tower.embedded).toHaveLength(announced.length + 1);
  expect(fake.requests.itemList - before).toBeLessThan(before / 2);
});

test("[SY4] what two full syncs in a row miss is withdrawn, and shown again once it is back", async () => {
  fake = await startFakeDmm({ items: 300, seed: 6 });
  const { stores, sync } = syncWorld(fake, memoryStores());
  await sync();
  const gone = fake.listing.all().slice(0, 3);
  const takenDown = fake.listing.all()[3]!;
  await stores.catalogue.setWithdrawn(idOf(takenDown), true);
  fake.listing.remove([...gone, takenDown]);
  expect(await sync({ mode: "full" })).toMatchObject({ withdrawn: 0 });
  // Neither a look at what is recent nor a sync of some of it counts as one that missed them.
  expect(await sync({ mode: "incremental" })).toMatchObject({ withdrawn: 0 });
  expect(await sync({ mode: "full", from: syncNow - 86_400_000 })).toMatchObject({ withdrawn: 0 });
  expect(await sync({ mode: "full" })).toMatchObject({ withdrawn: 3 });
  expect(await storedItems(stores.catalogue)).toEqual(expectedItems(fake));
  fake.listing.put([...gone, takenDown]);
  expect(await sync({ mode: "full" })).toMatchObject({ restored: 3 });
  const shown = await storedItems(stores.catalogue);
  expect(gone.every((facts) => shown.has(idOf(facts)))).toBe(true);
  expect(shown.has(idOf(takenDown))).toBe(false);
});

test("[SY5] what is denied is gone at once and never comes back", async () => {
  fake = await startFakeDmm({ items: 300, seed: 7 });
  const { stores, sync } = syncWorld(fake, memoryStores());
  const [one, other] = fake.listing.all();
  await stores.sync.deny(idOf(other!), "a notice");
  await sync();
  await stores.sync.deny(idOf(one!), "a notice");
  expect((await storedItems(stores.catalogue)).has(idOf(one!))).toBe(false);
  fake.listing.put([{ ...one!, title: "Under another title" }]);
  expect(await sync({ mode: "full" })).toMatchObject({ denied: 2, inserted: 0, updated: 0 });
  const shown = await storedItems(stores.catalogue);
  expect([shown.has(idOf(one!)), shown.has(idOf(other!))]).toEqual([false, false]);
});

test("[SY6] an item that fails is set aside with its reason, tried again, and given up after the third time", async () => {
  fake = await startFakeDmm({ items: 300, seed: 8 });
  const { stores, sync, tower } = syncWorld(fake, memoryStores());
  const [untitled, unembeddable] = fake.listing.all();
  fake.listing.put([{ ...untitled!, malformed: "title" }]);
  tower.bad.add(idOf(unembeddable!));
  expect(await sync()).toMatchObject({ finished: true, failed: 2, embedded: 298 });
  expect(await stores.sync.failures()).toMatchObject(
    [
      { id: idOf(untitled!), stage: "read", reason: "title must be a text", attempts: 1, dead: false },
      {
        id: idOf(unembeddable!),
        stage: "embed",
        reason: "Cannot embed as it is bad",
        attempts: 1,
        dead: false,
      },
    ].sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
  expect(await sync({ mode: "full" })).toMatchObject({ failed: 2 });
  expect(await sync({ mode: "full" })).toMatchObject({ failed: 2 });
  expect((await stores.sync.failures({ dead: true })).map(({ attempts }) => attempts)).toEqual([3, 3]);
  // Dead: nothing more is tried or said.
  expect(await sync({ mode: "full" })).toMatchObject({ failed: 0 });
  tower.bad.clear();
  expect(await stores.sync.retry([idOf(unembeddable!)])).toBe(1);
  expect(await sync({ mode: "incremental" })).toMatchObject({ failed: 0 });
  fake.listing.put([untitled!]);
  expect(await sync({ mode: "full" })).toMatchObject({ failed: 0, inserted: 1 });
  expect(await stores.sync.failures()).toEqual([]);
  expect([...(await stores.vectors.itemHashes("v1")).keys()].sort()).toEqual(
    [...expectedItems(fake).keys()].sort(),
  );
});

test("[SY7] a window that changes while it is read is read again", async () => {
  fake = await startFakeDmm({ items: 900, seed: 9 });
  const { stores, sync, source } = syncWorld(fake, memoryStores());
  const calm = source();
  let asked = 0;
  let first: readonly string[] = [];
  // Once the second page came, some of the first are gone: as many slip over the edge to the third, unseen.
  const shifting = {
    ...calm,
    page: async (...question: Parameters<typeof calm.page>) => {
      const page = await calm.page(...question);
      if (++asked === 1) first = page.ids.slice(0, 5);
      if (asked === 2) fake.listing.remove(fake.listing.all().filter((facts) => first.includes(idOf(facts))));
      return page;
    },
  };
  const done = await sync({ source: shifting });
  expect(done).toMatchObject({ finished: true, unread: 0 });
  const shown = await storedItems(stores.catalogue);
  for (const [id, item] of expectedItems(fake)) expect(shown.get(id)).toEqual(item);
});

test("[SY10] through errors, resets, cut answers and an exhausted quota it ends as the server's catalogue", async () => {
  fake = await startFakeDmm({ ...sixTimesTheCeiling, items: 2000, seed: 10 });
  const bad = fake.listing.all().filter((_, n) => n % 50 === 3);
  const ways = ["title", "id", "price", "genres", "date", "all"] as const;
  fake.listing.put(bad.map((facts, n) => ({ ...facts, malformed: ways[n % ways.length]! })));
  const { stores, sync, time } = syncWorld(fake, memoryStores(), limits);
  Object.assign(fake.faults, { serverErrors: 0.05, resets: 0.03, cuts: 0.02, tooMany: 0.02, hidden: 0.02 });
  for (let quota = 20; ; quota += 20) {
    fake.faults.quota = quota;
    const ended = await sync().catch((error: unknown) => error);
    if (!isFutagoError(ended)) {
      expect(ended).toMatchObject({ finished: true, unread: 0 });
      break;
    }
    expect(["source_exhausted", "source_unreadable"]).toContain(ended.code);
    time.now = Math.max(time.now, Number(ended.details["retryAt"] ?? 0));
  }
  expect(await storedItems(stores.catalogue)).toEqual(expectedItems(fake));
  const failures = await stores.sync.failures();
  expect(failures.map(({ id, stage }) => [id, stage]).sort()).toEqual(
    bad
      .filter((_, n) => ways[n % ways.length] === "title")
      .map((facts) => [idOf(facts), "read"])
      .sort(),
  );
  expect(JSON.stringify([failures, await stores.sync.status()])).not.toMatch(/Qx7SecretKey|neverseen/);
});

test("[SY11] stopped by its budget again and again it goes on where it was, without asking twice", async () => {
  fake = await startFakeDmm({ items: 1000, seed: 11 });
  const { stores, sync } = syncWorld(fake, memoryStores(), { hits: 20, maxOffset: 200 });
  const whole = await startFakeDmm({ items: 1000, seed: 11 });
  const pages = (await syncWorld(whole, memoryStores(), { hits: 20, maxOffset: 200 }).sync()).pages;
  await whole.close();
  let [runs, asked] = [0, 0];
  for (;;) {
    const done = await sync({ budgetMs: 10_000 });
    asked += done.pages;
    runs++;
    if (done.finished) break;
  }
  expect(runs).toBeGreaterThan(5);
  expect(asked).toBe(pages);
  expect(await storedItems(stores.catalogue)).toEqual(expectedItems(fake));
});

test("[SY15] one sync of a source at a time: the second is told, and the place of one that died is free", async () => {
  fake = await startFakeDmm({ items: 300, seed: 15 });
  const { stores, sync, source } = syncWorld(fake, memoryStores());
  const calm = source();
  let refused: unknown;
  const meeting = {
    ...calm,
    page: async (...question: Parameters<typeof calm.page>) => {
      refused ??= await sync().catch((error: unknown) => error);
      return calm.page(...question);
    },
  };
  expect(await sync({ source: meeting })).toMatchObject({ finished: true, inserted: 300 });
  expect(refused).toMatchObject({ code: "database_busy", message: expect.stringContaining("another is") });
  // The place was given back; that of one that died is taken over once its time is over.
  await stores.sync.lease("dmm", "killed", -1);
  expect(await sync()).toMatchObject({ finished: true });
  await stores.sync.lease("dmm", "alive", 60_000);
  await expect(sync()).rejects.toMatchObject({ code: "database_busy" });
});

test("[SY15] a sync whose place was taken, as it slept for too long, ends nothing", async () => {
  fake = await startFakeDmm({ items: 300, seed: 15 });
  const { stores, sync, source } = syncWorld(fake, memoryStores());
  const calm = source();
  let taken = false;
  const heard = new Promise<void>((resolve) => {
    const { lease } = stores.sync;
    // As the database answers once somebody else has the place.
    stores.sync.lease = async (...asked) => {
      if (!taken) return lease(...asked);
      setImmediate(resolve);
      return false;
    };
  });
  const slow = {
    ...calm,
    page: async (...question: Parameters<typeof calm.page>) => {
      taken = true;
      await heard;
      return calm.page(...question);
    },
  };
  await expect(sync({ source: slow, leaseMs: 30 })).rejects.toMatchObject({ code: "database_busy" });
  expect(await stores.sync.sweeps("dmm")).toEqual(new Map());
});

test("[SY16] a source that suddenly answers with next to nothing withdraws nothing, until somebody allows it", async () => {
  fake = await startFakeDmm({ items: 600, seed: 16 });
  const { stores, sync } = syncWorld(fake, memoryStores());
  await sync();
  const all = fake.listing.all();
  fake.listing.remove(all.slice(3));
  expect(await sync({ mode: "full" })).toMatchObject({ withdrawn: 0, heldBack: 0 });
  expect(await sync({ mode: "full" })).toMatchObject({ withdrawn: 0, heldBack: all.length - 3 });
  expect((await storedItems(stores.catalogue)).size).toBe(all.length);
  expect(await sync({ mode: "full", maxGoneShare: 1 })).toMatchObject({
    withdrawn: all.length - 3,
    heldBack: 0,
  });
});

test("[SY17] a sync and futago embed agree on what needs a new vector, whichever comes first", async () => {
  fake = await startFakeDmm({ items: 200, seed: 17 });
  const { stores, sync, tower } = syncWorld(fake, memoryStores());
  await sync();
  const { catalogue: store, vectors } = stores;
  const embed = () => embedCatalogue({ towers: tower, version: "v1", store, vectors });
  expect(await embed()).toMatchObject({ embedded: 0, unchanged: 200 });
  const [renamed, dearer] = fake.listing.all();
  fake.listing.put([{ ...dearer!, price: dearer!.price + 10, reviews: { count: 9_999, average: 4 } }]);
  fake.listing.put([{ ...renamed!, title: "Under another title" }]);
  // Without vectors, as over HTTP: both are left to whoever comes first.
  expect(await sync({ mode: "full", targets: [] })).toMatchObject({ updated: 2, embedded: 0 });
  tower.embedded.length = 0;
  expect(await sync({ mode: "full" })).toMatchObject({ updated: 0, embedded: 1 });
  expect(await embed()).toMatchObject({ embedded: 0 });
  fake.listing.put([{ ...renamed!, title: "Under a third" }]);
  await sync({ mode: "full", targets: [] });
  expect(await embed()).toMatchObject({ embedded: 1 });
  expect(await sync({ mode: "full" })).toMatchObject({ embedded: 0 });
  expect(tower.embedded).toEqual([idOf(renamed!), idOf(renamed!)]);
});

test("[SY18] single items are fetched again, stored and embedded, and nothing else is asked or said to be gone", async () => {
  fake = await startFakeDmm({ items: 200, seed: 18 });
  const { stores, sync, source, tower } = syncWorld(fake, memoryStores());
  await sync();
  const [renamed, dearer, gone] = fake.listing.all();
  fake.listing.put([{ ...renamed!, title: "Under another title" }]);
  fake.listing.put([{ ...dearer!, price: dearer!.price + 10 }]);
  fake.listing.remove([gone!]);
  tower.embedded.length = 0;
  const before = fake.requests.total;
  const { catalogue: store, sync: state, vectors } = stores;
  const targets = [{ version: "v1", towers: tower }];
  const options = { source: source(), store, state, vectors, targets };
  expect(await syncItems([renamed!, dearer!, gone!].map(idOf), options)).toMatchObject({
    ...{ inserted: 0, updated: 2, unchanged: 0, embedded: 1, failed: 0, denied: 0 },
    missing: [idOf(gone!)],
  });
  expect(fake.requests.total - before).toBe(3);
  expect(tower.embedded).toEqual([idOf(renamed!)]);
  const shown = await storedItems(stores.catalogue);
  expect(shown.has(idOf(gone!))).toBe(true);
  for (const facts of [renamed!, dearer!]) {
    expect(shown.get(idOf(facts))).toEqual(expectedItems(fake).get(idOf(facts)));
  }
  await expect(syncItems(["shop:a1"], options)).rejects.toThrow(RangeError);
});
