import { beforeEach, describe, expect, test } from "vitest";
import { createRandom, silentProgress } from "../base/mod.ts";
import {
  type CatalogueStore,
  createMemoryCatalogue,
  type Item,
  type PersonHistory,
} from "../catalogue/mod.ts";
import { embedCatalogue } from "./embed-catalogue.ts";
import { embedPeople } from "./embed-people.ts";
import { createMemoryVectorStore } from "./memory-vector-store.ts";
import type { VectorStore } from "./vector-store.ts";

const version = "v1";

/** A tower whose vector says which title it saw; counts what it encodes and may die after so many batches. */
function titleTower(options: { readonly dieAfter?: number } = {}) {
  const encoded: string[] = [];
  let batches = 0;
  return {
    dims: 2,
    encoded,
    embedItems: async (items: readonly Item[]): Promise<Float32Array> => {
      if (batches++ === options.dieAfter) throw new Error("Killed");
      encoded.push(...items.map((item) => item.id));
      return Float32Array.from(
        items.flatMap(({ title }) => [Math.cos(title.length), Math.sin(title.length)]),
      );
    },
  };
}

describe("embedCatalogue()", () => {
  let store: CatalogueStore;
  let vectors: VectorStore;
  const ids = Array.from({ length: 25 }, (_, i) => `v${String(i).padStart(2, "0")}`);
  beforeEach(async () => {
    store = createMemoryCatalogue({ items: ids.map((id) => ({ id, title: id, fields: { price: 980 } })) });
    vectors = createMemoryVectorStore(store);
  });

  test("embeds everything once, and then only what changed", async () => {
    const towers = titleTower();
    const run = () => embedCatalogue({ towers, version, store, vectors, batchSize: 10 });
    expect(await run()).toEqual({ embedded: 25, unchanged: 0, removed: 0 });
    expect([...(await vectors.itemHashes(version)).keys()].sort()).toEqual(ids);
    expect(await run()).toEqual({ embedded: 0, unchanged: 25, removed: 0 });
    await store.putItems([{ id: "v03", title: "Renamed", fields: { price: 980 } }]);
    await store.putItems([{ id: "v99", title: "New", fields: {} }]);
    towers.encoded.length = 0;
    expect(await run()).toEqual({ embedded: 2, unchanged: 24, removed: 0 });
    expect(towers.encoded).toEqual(["v03", "v99"]);
  });

  test("where memory does not suffice, batches become smaller, down to one, and stay so", async () => {
    const whole = titleTower();
    await embedCatalogue({ towers: whole, version: "whole", store, vectors });
    const most = 3;
    const sizes: number[] = [];
    const towers = {
      ...whole,
      embedItems: async (items: readonly Item[]): Promise<Float32Array> => {
        sizes.push(items.length);
        if (items.length > most) throw new RangeError("Cannot run", { cause: new Error("std::bad_alloc") });
        return whole.embedItems(items);
      },
    };
    const done = await embedCatalogue({ towers, version, store, vectors, batchSize: 10 });
    expect(done).toEqual({ embedded: 25, unchanged: 0, removed: 0 });
    expect(sizes.slice(0, 3)).toEqual([10, 5, 3]);
    expect(sizes.slice(2).every((size) => size <= most)).toBe(true);
    const query = { vector: Float32Array.of(1, 0), itemIds: ids };
    expect(await vectors.scores({ version, ...query })).toEqual(
      await vectors.scores({ version: "whole", ...query }),
    );
    const none = { ...whole, embedItems: () => Promise.reject(new Error("std::bad_alloc")) };
    await expect(embedCatalogue({ towers: none, version: "none", store, vectors })).rejects.toThrow(
      "std::bad_alloc",
    );
  });

  test("removes the vectors of what was withdrawn, and embeds it again when it is put back", async () => {
    const towers = titleTower();
    await embedCatalogue({ towers, version, store, vectors });
    await store.setWithdrawn("v00", true);
    const after = await embedCatalogue({ towers, version, store, vectors });
    expect(after).toEqual({ embedded: 0, unchanged: 24, removed: 1 });
    expect((await vectors.itemHashes(version)).has("v00")).toBe(false);
    await store.setWithdrawn("v00", false);
    expect((await embedCatalogue({ towers, version, store, vectors })).embedded).toBe(1);
  });

  test("killed in the middle and run again, it finishes with nothing lost or done twice", async () => {
    const first = titleTower({ dieAfter: 2 });
    const run = (towers: typeof first) => embedCatalogue({ towers, version, store, vectors, batchSize: 5 });
    await expect(run(first)).rejects.toThrow("Killed");
    expect((await vectors.itemHashes(version)).size).toBe(10);
    const second = titleTower();
    expect(await run(second)).toEqual({ embedded: 15, unchanged: 10, removed: 0 });
    expect([...first.encoded, ...second.encoded]).toEqual(ids);
  });

  test("a store that fails to write fails the run", async () => {
    const failing = { ...vectors, putItemVectors: () => Promise.reject(new Error("Disk full")) };
    const run = embedCatalogue({ towers: titleTower(), version, store, vectors: failing, batchSize: 5 });
    await expect(run).rejects.toThrow("Disk full");
  });

  test("stops at the signal with what it has, and reports every item to progress", async () => {
    const cancel = new AbortController();
    let done = 0;
    const progress = {
      start: () => ({
        ...silentProgress.start(""),
        advance: (units: number) => {
          done += units;
          if (done === 10) cancel.abort();
        },
      }),
    };
    const options = { towers: titleTower(), version, store, vectors, batchSize: 5, progress };
    const stopped = embedCatalogue({ ...options, signal: cancel.signal });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    expect((await vectors.itemHashes(version)).size).toBe(10);
    done = 100;
    await embedCatalogue(options);
    expect(done).toBe(125);
    await expect(embedCatalogue({ ...options, batchSize: 0 })).rejects.toThrow(RangeError);
  });
});

describe("embedPeople()", () => {
  const random = createRandom(3);
  const items = Array.from({ length: 8 }, (_, i) => ({ id: `i${i}`, title: "", fields: {} }));
  const people = Array.from({ length: 12 }, (_, p) => ({ id: `p${p}`, fields: {} }));
  const events = Array.from({ length: 90 }, (_, e) => ({
    personId: `p${random.integer(11)}`,
    itemId: `i${random.integer(8)}`,
    kind: "view" as const,
    at: 1000 + e,
  }));
  const seen: PersonHistory[] = [];
  const towers = {
    dims: 2,
    historyEvents: 4,
    embedHistories: async (histories: readonly PersonHistory[]) => {
      seen.push(...histories);
      return Float32Array.from(histories.flatMap(() => [1, 0]));
    },
  };

  test("hands each person's latest events and their items to the tower, as the store's own history() has them", async () => {
    const store = createMemoryCatalogue({ items, people, events });
    const vectors = createMemoryVectorStore(store);
    const run = () => embedPeople({ towers, version, store, vectors, asOf: 5000, batchSize: 5 });
    // p11 did nothing and has no vector.
    expect(await run()).toEqual({ embedded: 11, unchanged: 0, removed: 0 });
    for (const history of seen) expect(history).toEqual(await store.history(history.person.id, { limit: 4 }));
    expect(await run()).toEqual({ embedded: 0, unchanged: 11, removed: 0 });
    seen.length = 0;
    await store.putEvents([{ personId: "p2", itemId: "i1", kind: "like", at: 9000 }]);
    expect((await run()).embedded).toBe(1);
    expect(seen.map((history) => history.person.id)).toEqual(["p2"]);
  });
});
