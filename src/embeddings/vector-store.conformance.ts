import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import type { CatalogueStore, EventKind } from "../catalogue/mod.ts";
import { testFilteredSearch } from "./filtered-search.conformance.ts";
import type { VectorStore } from "./vector-store.ts";

const now = Date.UTC(2026, 0, 1);
const day = 86_400_000;

/** A vector store and the catalogue beside it, both empty. */
export interface VectorStoreUnderTest {
  readonly catalogue: CatalogueStore;
  readonly vectors: VectorStore;
}

/**
 * What every {@link VectorStore} must do, as tests. Stores may keep half precision: scores agree to 0.002.
 *
 * @param makeStore Called once in each test.
 */
export function testVectorStore(makeStore: () => Promise<VectorStoreUnderTest>): void {
  // Items a, b, … lie on an arc, in order from the query at [1, 0].
  const ids = ["a", "b", "c", "d", "e"];
  const query = Float32Array.of(1, 0);
  const arc = Float32Array.from(ids.flatMap((_, i) => [Math.cos(i / 5), Math.sin(i / 5)]));
  const cosine = (i: number): number => Math.cos(i / 5);

  const filled = async (): Promise<VectorStoreUnderTest> => {
    const stores = await makeStore();
    await stores.catalogue.putItems(ids.map((id, i) => ({ id, title: id, fields: {}, releasedAt: now + i })));
    await stores.catalogue.putPeople([{ id: "viewer", fields: {} }]);
    await stores.vectors.createPartition("v1", 2);
    await stores.vectors.putItemVectors("v1", {
      ids,
      vectors: arc,
      contentHashes: ids.map((id) => `h-${id}`),
    });
    return stores;
  };
  const event = (itemId: string, kind: EventKind, more: { at?: number; watchFraction?: number } = {}) => ({
    personId: "viewer",
    itemId,
    kind,
    at: now,
    ...more,
  });
  const idsOf = (found: readonly { readonly itemId: string }[]): string[] => found.map((row) => row.itemId);

  describe("partitions", () => {
    test("a version without one is not_found, and another width is refused", async () => {
      const { vectors } = await filled();
      const batch = { ids: ["a"], vectors: query, contentHashes: ["x"] };
      const missing = { code: "not_found" };
      await expect(vectors.putItemVectors("v2", batch)).rejects.toMatchObject(missing);
      await expect(vectors.nearest({ version: "v2", vector: query, limit: 1 })).rejects.toMatchObject(
        missing,
      );
      await expect(vectors.itemHashes("v2")).rejects.toMatchObject(missing);
      await expect(vectors.createPartition("v1", 3)).rejects.toThrow(RangeError);
      await expect(vectors.putItemVectors("v1", { ...batch, ids: ["a", "b"] })).rejects.toThrow(RangeError);
      const wide = Float32Array.of(1, 0, 0);
      await expect(vectors.nearest({ version: "v1", vector: wide, limit: 1 })).rejects.toThrow(RangeError);
      await expect(vectors.scores({ version: "v1", vector: wide, itemIds: ["a"] })).rejects.toThrow(
        RangeError,
      );
      const odd = { ids: ["a"], vectors: Float32Array.of(Number.NaN, 0), contentHashes: ["x"] };
      await expect(vectors.putItemVectors("v1", odd)).rejects.toThrow(RangeError);
      const lost = vectors.nearest({ version: "v1", vector: odd.vectors, limit: 1 });
      await expect(lost).rejects.toThrow(RangeError);
      for (const limit of [0, 1001, 1.5]) {
        await expect(vectors.nearest({ version: "v1", vector: query, limit })).rejects.toThrow(RangeError);
      }
    });

    test("two versions live side by side and never meet; names may hold anything", async () => {
      const { vectors } = await filled();
      const odd = `2026.11.20-1 "quote' ${"long".repeat(20)}`;
      await vectors.createPartition(odd, 3);
      await vectors.createPartition(odd, 3);
      await vectors.putItemVectors(odd, {
        ids: ["e"],
        vectors: Float32Array.of(0, 0, 1),
        contentHashes: ["other"],
      });
      expect(await vectors.itemHashes(odd)).toEqual(new Map([["e", "other"]]));
      const found = await vectors.nearest({ version: odd, vector: Float32Array.of(0, 0, 1), limit: 5 });
      expect(found).toEqual([{ itemId: "e", score: 1 }]);
      await vectors.dropPartition(odd);
      await vectors.dropPartition(odd);
      await expect(vectors.itemHashes(odd)).rejects.toMatchObject({ code: "not_found" });
      expect((await vectors.itemHashes("v1")).size).toBe(5);
    });

    test("vectors are upserted, removed, and told by content hash; those of the unknown are not kept", async () => {
      const { vectors } = await filled();
      expect(await vectors.itemHashes("v1")).toEqual(new Map(ids.map((id) => [id, `h-${id}`])));
      expect(await vectors.itemHashes("v1", ["b", "stranger"])).toEqual(new Map([["b", "h-b"]]));
      await vectors.putItemVectors("v1", {
        ids: ["e", "stranger"],
        vectors: Float32Array.of(1, 0, 1, 0),
        contentHashes: ["new", "x"],
      });
      expect((await vectors.itemHashes("v1")).get("e")).toBe("new");
      expect((await vectors.itemHashes("v1")).has("stranger")).toBe(false);
      const found = await vectors.nearest({ version: "v1", vector: query, limit: 2 });
      // Equal scores: by id.
      expect(idsOf(found)).toEqual(["a", "e"]);
      await vectors.removeItemVectors("v1", ["a", "stranger"]);
      await vectors.removeItemVectors("v1", []);
      expect(idsOf(await vectors.nearest({ version: "v1", vector: query, limit: 2 }))).toEqual(["e", "b"]);
      await vectors.putUserVectors("v1", {
        ids: ["viewer", "stranger"],
        vectors: Float32Array.of(1, 0, 0, 1),
        contentHashes: ["u", "x"],
      });
      expect(await vectors.userHashes("v1")).toEqual(new Map([["viewer", "u"]]));
      const stored = { vector: Float32Array.of(1, 0), contentHash: "u" };
      expect(await vectors.userVector("v1", "viewer")).toEqual(stored);
      expect(await vectors.userVector("v1", "stranger")).toBeUndefined();
      expect(await vectors.userVector("v9", "viewer")).toBeUndefined();
      await vectors.putItemVectors("v1", { ids: [], vectors: new Float32Array(0), contentHashes: [] });
      expect(await vectors.buildIndex("v1")).toMatchObject({ rows: 4 });
    });
  });

  test("itemVectors gives the vectors of those that have one, whatever their size on the arc", async () => {
    const { vectors } = await filled();
    await vectors.putItemVectors("v1", {
      ids: ["e"],
      vectors: Float32Array.of(-0.00001, 1),
      contentHashes: ["tiny"],
    });
    const found = await vectors.itemVectors("v1", ["d", "stranger", "e", "d"]);
    expect([...found.keys()].sort()).toEqual(["d", "e"]);
    const [x, y] = found.get("d")!;
    expect(Math.abs(x! - cosine(3))).toBeLessThan(0.002);
    expect(Math.abs(y! - Math.sin(3 / 5))).toBeLessThan(0.002);
    expect(Math.abs(found.get("e")![0]! + 0.00001)).toBeLessThan(1e-6);
    expect(await vectors.itemVectors("v1", [])).toEqual(new Map());
    await expect(vectors.itemVectors("v2", ["a"])).rejects.toMatchObject({ code: "not_found" });
  });

  test("rank tells an item's score and place, whatever keeps it from being shown itself", async () => {
    const { catalogue, vectors } = await filled();
    const search = { version: "v1", vector: query, personId: "viewer" };
    const placeOf = async (itemId: string, more: object = {}) =>
      (await vectors.rank({ ...search, ...more, itemId }))?.rank;
    const third = await vectors.rank({ ...search, itemId: "c" });
    expect(third!.rank).toBe(3);
    expect(third!.score).toBeCloseTo(cosine(2), 2);
    expect((await vectors.nearest({ ...search, limit: 3 }))[2]!.itemId).toBe("c");
    // What is not shown stands in nobody's way: a is seen, b withdrawn.
    await catalogue.putEvents([event("a", "like")]);
    await catalogue.setWithdrawn("b", true);
    expect(await placeOf("c")).toBe(1);
    expect(await placeOf("a")).toBe(1);
    expect(await placeOf("e")).toBe(3);
    expect(await placeOf("e", { exclude: ["c"] })).toBe(2);
    expect(await placeOf("e", { personId: "stranger" })).toBe(4);
    expect(await placeOf("e", { filter: { genres: ["none has it"] } })).toBe(1);
    expect(await placeOf("stranger")).toBeUndefined();
    await expect(vectors.rank({ ...search, version: "v2", itemId: "a" })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(vectors.rank({ ...search, vector: Float32Array.of(1, 0, 0), itemId: "a" })).rejects.toThrow(
      RangeError,
    );
  });

  test("of equal scores the smaller id stands before the other", async () => {
    const { vectors } = await filled();
    const same = Float32Array.of(1, 0, 1, 0);
    await vectors.putItemVectors("v1", { ids: ["d", "e"], vectors: same, contentHashes: ["x", "y"] });
    const search = { version: "v1", vector: query };
    const places = await Promise.all(["a", "d", "e"].map((itemId) => vectors.rank({ ...search, itemId })));
    expect(places.map((place) => place!.rank)).toEqual([1, 2, 3]);
    expect((await vectors.nearest({ ...search, limit: 3 })).map(({ itemId }) => itemId)).toEqual([
      "a",
      "d",
      "e",
    ]);
  });

  describe("nearest", () => {
    test("gives the best first with their inner products", async () => {
      const { vectors } = await filled();
      const found = await vectors.nearest({ version: "v1", vector: query, limit: 3 });
      expect(idsOf(found)).toEqual(["a", "b", "c"]);
      for (const [i, { score }] of found.entries()) expect(Math.abs(score - cosine(i))).toBeLessThan(0.002);
      expect(await vectors.nearest({ version: "v1", vector: query, limit: 100 })).toHaveLength(5);
    });

    test("gives newcomers alone where they are asked for: released since, and liked by few", async () => {
      const { catalogue, vectors } = await filled();
      // a … e were released at now … now + 4.
      const ask = async (newcomers: { releasedAfter: number; mostLikes: number }, more: object = {}) =>
        idsOf(await vectors.nearest({ version: "v1", vector: query, limit: 5, newcomers, ...more }));
      expect(await ask({ releasedAfter: now + 1, mostLikes: 0 })).toEqual(["c", "d", "e"]);
      await catalogue.putEvents([event("d", "like")]);
      expect(await ask({ releasedAfter: now + 1, mostLikes: 0 })).toEqual(["c", "e"]);
      expect(await ask({ releasedAfter: now + 1, mostLikes: 1 })).toEqual(["c", "d", "e"]);
      expect(await ask({ releasedAfter: now + 1, mostLikes: 1 }, { personId: "viewer" })).toEqual(["c", "e"]);
      await catalogue.setWithdrawn("c", true);
      expect(await ask({ releasedAfter: now + 1, mostLikes: 1 })).toEqual(["d", "e"]);
      expect(await ask({ releasedAfter: now + 4, mostLikes: 9 })).toEqual([]);
    });

    test("leaves out what is excluded, withdrawn, liked, refused or watched, and still gives as many as asked", async () => {
      const { catalogue, vectors } = await filled();
      const ask = async (more: { personId?: string; exclude?: string[] } = {}) =>
        idsOf(await vectors.nearest({ version: "v1", vector: query, limit: 2, ...more }));
      expect(await ask({ exclude: ["a", "missing"] })).toEqual(["b", "c"]);
      await catalogue.setWithdrawn("a", true);
      expect(await ask()).toEqual(["b", "c"]);
      await catalogue.setWithdrawn("a", false);
      expect(await ask()).toEqual(["a", "b"]);
      await catalogue.putEvents([event("a", "like")]);
      expect(await ask({ personId: "viewer" })).toEqual(["b", "c"]);
      expect(await ask({ personId: "stranger" })).toEqual(["a", "b"]);
      await catalogue.putEvents([event("b", "nope")]);
      expect(await ask({ personId: "viewer" })).toEqual(["c", "d"]);
      // A glance is not seeing; a tenth is, and so is a view nobody measured.
      await catalogue.putEvents([event("c", "view", { watchFraction: 0.05 })]);
      expect(await ask({ personId: "viewer" })).toEqual(["c", "d"]);
      await catalogue.putEvents([event("c", "view", { at: now + 1, watchFraction: 0.1 })]);
      await catalogue.putEvents([event("d", "view")]);
      expect(await ask({ personId: "viewer" })).toEqual(["e"]);
    });

    test("agrees with exact search over a few hundred items, with and without an index", async () => {
      const { catalogue, vectors } = await makeStore();
      const random = createRandom(7);
      const dims = 16;
      const count = 600;
      const many = Array.from({ length: count }, (_, i) => `i${i}`);
      await catalogue.putItems(many.map((id) => ({ id, title: id, fields: {} })));
      const rows = Float32Array.from({ length: count * dims }, () => random.normal());
      for (let r = 0; r < count; r++) normalise(rows.subarray(r * dims, (r + 1) * dims));
      await vectors.createPartition("v1", dims);
      await vectors.putItemVectors("v1", { ids: many, vectors: rows, contentHashes: many });
      const vector = normalise(Float32Array.from({ length: dims }, () => random.normal()));
      const exact = many
        .map((id, r) => ({ id, score: dot(rows.subarray(r * dims, (r + 1) * dims), vector) }))
        .sort((a, b) => b.score - a.score);
      const check = async () => {
        const found = await vectors.nearest({ version: "v1", vector, limit: 100 });
        const best = new Set(exact.slice(0, 100).map((row) => row.id));
        expect(found.filter((row) => best.has(row.itemId)).length).toBeGreaterThanOrEqual(95);
        expect(found).toHaveLength(100);
        for (let i = 1; i < found.length; i++)
          expect(found[i]!.score).toBeLessThanOrEqual(found[i - 1]!.score);
        // Whatever stands between: as many as there are.
        const exclude = exact.slice(0, 595).map((row) => row.id);
        const rest = await vectors.nearest({ version: "v1", vector, limit: 5, exclude });
        expect(idsOf(rest).sort()).toEqual(
          exact
            .slice(595)
            .map((row) => row.id)
            .sort(),
        );
      };
      await check();
      const built = await vectors.buildIndex("v1");
      expect(built.rows).toBe(count);
      expect(await vectors.buildIndex("v1")).toEqual(built);
      await check();
    });
  });

  testFilteredSearch(makeStore);

  test("scores are the inner products of given items, in their order", async () => {
    const { catalogue, vectors } = await filled();
    await catalogue.setWithdrawn("b", true);
    const itemIds = ["e", "missing", "b", "a", "e"];
    const scores = await vectors.scores({ version: "v1", vector: query, itemIds });
    expect(scores.map((score) => score !== undefined)).toEqual([true, false, false, true, true]);
    expect(Math.abs(scores[0]! - cosine(4))).toBeLessThan(0.002);
    expect(Math.abs(scores[3]! - 1)).toBeLessThan(0.002);
    expect(await vectors.scores({ version: "v1", vector: query, itemIds: [] })).toEqual([]);
  });

  describe("popular", () => {
    const likes = async (catalogue: CatalogueStore, itemId: string, times: readonly number[]) => {
      const people = times.map((_, i) => ({ id: `fan-${i}`, fields: {} }));
      const events = times.map((at, i) => ({ personId: `fan-${i}`, itemId, kind: "like" as const, at }));
      await catalogue.putBatch({ newPeople: people, events });
    };

    test("is most liked first, the rest newest first, less what is hidden", async () => {
      const { catalogue, vectors } = await filled();
      expect(idsOf(await vectors.popular({ limit: 3 }))).toEqual(["e", "d", "c"]);
      await likes(catalogue, "b", [now, now, now]);
      await likes(catalogue, "a", [now, now]);
      const found = await vectors.popular({ limit: 4 });
      expect(idsOf(found)).toEqual(["b", "a", "e", "d"]);
      expect(found.map((row) => row.score)).toEqual([1, expect.closeTo(2 / 3, 9), 0, 0]);
      expect(idsOf(await vectors.popular({ limit: 2, exclude: ["b"] }))).toEqual(["a", "e"]);
      expect(idsOf(await vectors.popular({ limit: 2, personId: "fan-2" }))).toEqual(["a", "e"]);
      await catalogue.setWithdrawn("a", true);
      expect(idsOf(await vectors.popular({ limit: 5 }))).toEqual(["b", "e", "d", "c"]);
      await expect(vectors.popular({ limit: 0 })).rejects.toThrow(RangeError);
    });

    test("counts a like of 30 days ago half, and a like that was taken back not at all", async () => {
      const { catalogue, vectors } = await filled();
      await likes(catalogue, "a", [now - 60 * day, now - 60 * day, now - 60 * day]);
      await likes(catalogue, "b", [now]);
      const found = await vectors.popular({ limit: 2 });
      expect(idsOf(found)).toEqual(["b", "a"]);
      expect(found[1]!.score).toBeCloseTo(3 / 4, 9);
      await catalogue.putEvents([{ personId: "fan-0", itemId: "b", kind: "nope", at: now + 1 }]);
      expect(idsOf(await vectors.popular({ limit: 2 }))).toEqual(["a", "e"]);
      await catalogue.putEvents([{ personId: "fan-0", itemId: "a", kind: "like", at: now + 2 }]);
      expect((await vectors.popular({ limit: 1 }))[0]).toEqual({ itemId: "a", score: 1 });
    });
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function normalise(row: Float32Array): Float32Array {
  const length = Math.sqrt(dot(row, row));
  for (let i = 0; i < row.length; i++) row[i]! /= length;
  return row;
}
