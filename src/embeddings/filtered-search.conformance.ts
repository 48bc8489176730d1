import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import type { CatalogueStore, Item } from "../catalogue/mod.ts";
import type { ItemFilter, VectorStore } from "./vector-store.ts";

interface Stores {
  readonly catalogue: CatalogueStore;
  readonly vectors: VectorStore;
}

interface Question {
  readonly limit: number;
  /** Whose vector is asked with. */
  readonly at: number;
  readonly viewer: boolean;
  readonly exclude: readonly string[];
  readonly filter: ItemFilter;
}

/**
 * What every vector store must do with filters, blocks and take-downs, as tests.
 *
 * @param makeStore Called once in each test; both stores empty.
 */
export function testFilteredSearch(makeStore: () => Promise<Stores>): void {
  const sea = { genres: ["sea", "travel"], price: 500, maker: "Aoba Films", performers: ["Kana Aoi"] };
  const items: readonly Item[] = [
    { id: "a", title: "a", fields: sea },
    { id: "b", title: "b", fields: { ...sea, genres: ["hill"], performers: ["Jun Seto", "Kana Aoi"] } },
    { id: "c", title: "c", fields: { genres: ["sea"], price: 1500, maker: 'Minato\'s "%s" \\' } },
    { id: "d", title: "d", fields: { genres: "sea", price: "500" } },
  ];
  const query = Float32Array.of(1, 0);
  const filled = async (): Promise<Stores> => {
    const stores = await makeStore();
    await stores.catalogue.putItems(items.map((item, i) => ({ ...item, releasedAt: -i })));
    await stores.catalogue.putPeople([{ id: "viewer", fields: {} }]);
    await stores.vectors.createPartition("v1", 2);
    await stores.vectors.putItemVectors("v1", {
      ids: items.map(({ id }) => id),
      // On an arc, in order from the query.
      vectors: Float32Array.from(items.flatMap((_, i) => [Math.cos(i / 5), Math.sin(i / 5)])),
      contentHashes: items.map(({ id }) => id),
    });
    await stores.vectors.buildIndex("v1");
    return stores;
  };
  // What every path gives: the nearest, the most liked (here the newest), and the given ones.
  const pathsOf = ({ vectors }: Stores) => ({
    nearest: async (more: { filter?: ItemFilter; personId?: string }) =>
      (await vectors.nearest({ version: "v1", vector: query, limit: 9, ...more })).map((row) => row.itemId),
    popular: async (more: { filter?: ItemFilter; personId?: string }) =>
      (await vectors.popular({ limit: 9, ...more })).map((row) => row.itemId),
    scored: async (more: { personId?: string }) => {
      const itemIds = items.map(({ id }) => id);
      const scores = await vectors.scores({ version: "v1", vector: query, itemIds, ...more });
      return itemIds.filter((_, i) => scores[i] !== undefined);
    },
  });

  describe("a filter", () => {
    const cases: readonly [string, ItemFilter, string][] = [
      ["nothing", {}, "abcd"],
      ["any of the genres, one alone too", { genres: ["sea", "unknown"] }, "acd"],
      ["a price of at least, and none is not", { minPrice: 500 }, "abc"],
      ["a price of at most", { maxPrice: 1499.5 }, "ab"],
      ["a price between", { minPrice: 501, maxPrice: 1500 }, "c"],
      ["a price that cannot be", { minPrice: 2, maxPrice: 1 }, ""],
      ["none of the makers", { excludeMakers: ["Aoba Films", "unknown"] }, "cd"],
      ["a maker with signs in the name", { excludeMakers: ['Minato\'s "%s" \\'] }, "abd"],
      ["none of the performers", { excludePerformers: ["Jun Seto", "unknown"] }, "acd"],
      ["all at once", { genres: ["sea", "hill"], maxPrice: 1500, excludePerformers: ["Jun Seto"] }, "ac"],
      ["empty lists ask nothing", { genres: [], excludeMakers: [], excludePerformers: [] }, "abcd"],
      ["names that look like SQL", { genres: ["') or true --", "{a,b}", "nul \0"] }, ""],
    ];
    test("takes what it says, wherever it is asked", async () => {
      const { nearest, popular } = pathsOf(await filled());
      for (const [name, filter, expected] of cases) {
        expect((await nearest({ filter })).join(""), name).toBe(expected);
        expect((await popular({ filter })).join(""), name).toBe(expected);
      }
    });

    test("by a price that is no number is refused", async () => {
      const { nearest, popular } = pathsOf(await filled());
      for (const filter of [{ minPrice: Number.NaN }, { maxPrice: Number.POSITIVE_INFINITY }]) {
        await expect(nearest({ filter })).rejects.toThrow(RangeError);
        await expect(popular({ filter })).rejects.toThrow(RangeError);
      }
    });
  });

  test("what a person blocked is left out for them, in every path, until they take it back", async () => {
    const stores = await filled();
    const { nearest, popular, scored } = pathsOf(stores);
    const all = async (personId: string) => {
      const found = [await nearest({ personId }), await popular({ personId }), await scored({ personId })];
      return found.map((ids) => ids.join(""));
    };
    expect(await all("viewer")).toEqual(["abcd", "abcd", "abcd"]);
    await stores.catalogue.setBlocks("viewer", { makers: ["Aoba Films"], performers: [] });
    expect(await all("viewer")).toEqual(["cd", "cd", "cd"]);
    expect(await all("stranger")).toEqual(["abcd", "abcd", "abcd"]);
    expect((await nearest({ personId: "viewer", filter: { excludeMakers: ["unknown"] } })).join("")).toBe(
      "cd",
    );
    await stores.catalogue.setBlocks("viewer", { makers: ["unknown"], performers: ["Jun Seto", "unknown"] });
    expect(await all("viewer")).toEqual(["acd", "acd", "acd"]);
    await stores.catalogue.setBlocks("viewer", { makers: [], performers: [] });
    expect(await all("viewer")).toEqual(["abcd", "abcd", "abcd"]);
  });

  test("what is taken down, itself or with a performer, is gone from the very next answer, in every path", async () => {
    const stores = await filled();
    const { nearest, popular, scored } = pathsOf(stores);
    const all = async () => {
      const found = [
        await nearest({}),
        await popular({}),
        await scored({}),
        await nearest({ filter: { minPrice: 0 } }),
      ];
      return found.map((ids) => ids.join(""));
    };
    await stores.catalogue.setPerformerWithdrawn("Kana Aoi", true);
    expect(await all()).toEqual(["cd", "cd", "cd", "c"]);
    await stores.catalogue.setWithdrawn("b", true);
    await stores.catalogue.setWithdrawn("c", true);
    expect(await all()).toEqual(["d", "d", "d", ""]);
    await stores.catalogue.setPerformerWithdrawn("Kana Aoi", false);
    expect(await all()).toEqual(["ad", "ad", "ad", "a"]);
  });

  test("random filters give what looking at every item gives, and as many as there are", async () => {
    const { catalogue, vectors } = await makeStore();
    const world = randomWorld(400);
    await catalogue.putItems(world.items);
    await catalogue.putPeople([{ id: "viewer", fields: {} }]);
    await catalogue.putEvents(
      world.seen.map((itemId) => ({ personId: "viewer", itemId, kind: "like" as const, at: 1 })),
    );
    await catalogue.setBlocks("viewer", world.blocks);
    await catalogue.setPerformerWithdrawn(world.withdrawnPerformer, true);
    await vectors.createPartition("v1", world.dims);
    const ids = world.items.map(({ id }) => id);
    await vectors.putItemVectors("v1", { ids, vectors: world.vectors, contentHashes: ids });
    await vectors.buildIndex("v1");

    let wanted = 0;
    let best = 0;
    const ask: fc.Arbitrary<Question> = fc.record({
      limit: fc.integer({ min: 1, max: 60 }),
      at: fc.integer({ min: 0, max: ids.length - 1 }),
      viewer: fc.boolean(),
      exclude: fc.subarray(ids, { maxLength: 300 }),
      filter: fc.record(
        {
          genres: fc.subarray([...world.genres, "unknown"]),
          minPrice: fc.integer({ min: 0, max: 3000 }),
          maxPrice: fc.integer({ min: 0, max: 3000 }),
          excludeMakers: fc.subarray([...world.makers, "unknown"]),
          excludePerformers: fc.subarray([...world.performers, "unknown"]),
        },
        { requiredKeys: [] },
      ),
    });
    const run = async ({ limit, at, viewer, exclude, filter }: Question) => {
      const vector = world.vectors.subarray(at * world.dims, (at + 1) * world.dims);
      const personId = viewer ? "viewer" : "stranger";
      const allowed = world.allowed({ filter, viewer, exclude });
      const found = await vectors.nearest({ version: "v1", vector, limit, personId, exclude, filter });
      expect(found.filter(({ itemId }) => !allowed.has(itemId))).toEqual([]);
      expect(new Set(found.map(({ itemId }) => itemId)).size).toBe(Math.min(limit, allowed.size));
      const popular = await vectors.popular({ limit, personId, exclude, filter });
      expect(popular.filter(({ itemId }) => !allowed.has(itemId))).toEqual([]);
      expect(new Set(popular.map(({ itemId }) => itemId)).size).toBe(Math.min(limit, allowed.size));
      const exact = [...allowed].map((id) => world.score(id, vector)).sort((a, b) => b - a);
      // Half precision may swap neighbours: a score counts, not an id.
      wanted += found.length;
      for (const [i, { score }] of found.entries()) if (score > exact[i]! - 0.002) best++;
    };
    await fc.assert(fc.asyncProperty(ask, run), { numRuns: 60, seed: 11 });
    expect(best / wanted).toBeGreaterThan(0.99);
  });
}

/** Items of few genres, makers and performers, some withdrawn, and who may be shown by plain loops over them. */
function randomWorld(count: number) {
  const random = createRandom(5);
  const dims = 8;
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  const some = <T>(from: readonly T[]): T[] => from.filter(() => random.next() < 0.3);
  const genres = ["sea", "hill", "night", "quiet"];
  const makers = ["Aoba", "Minato", "Sora"];
  const performers = ["Kana Aoi", "Jun Seto", "Rei Hoshi", "Mio Tani", "Ken Oda"];
  const items = Array.from({ length: count }, (_, i) => ({
    id: `i${i}`,
    title: "",
    fields: {
      ...(random.next() < 0.9 ? { genres: some(genres) } : {}),
      ...(random.next() < 0.9 ? { price: random.integer(3000) } : {}),
      ...(random.next() < 0.9 ? { maker: pick(makers) } : {}),
      ...(random.next() < 0.9 ? { performers: some(performers) } : {}),
    } as { genres?: string[]; price?: number; maker?: string; performers?: string[] },
    withdrawn: random.next() < 0.2,
  }));
  const vectors = Float32Array.from({ length: count * dims }, () => random.normal());
  for (let row = 0; row < count; row++) {
    const part = vectors.subarray(row * dims, (row + 1) * dims);
    const length = Math.hypot(...part);
    for (let d = 0; d < dims; d++) part[d]! /= length;
  }
  const seen = items.filter(() => random.next() < 0.1).map(({ id }) => id);
  const blocks = { makers: ["Sora"], performers: ["Ken Oda"] };
  const withdrawnPerformer = "Mio Tani";
  const allowed = (query: {
    filter: ItemFilter;
    viewer: boolean;
    exclude: readonly string[];
  }): Set<string> => {
    const { filter, viewer, exclude } = query;
    const shown = new Set<string>();
    for (const { id, fields, withdrawn } of items) {
      const cast = fields.performers ?? [];
      if (withdrawn || cast.includes(withdrawnPerformer) || exclude.includes(id)) continue;
      if (viewer && (seen.includes(id) || fields.maker === "Sora" || cast.includes("Ken Oda"))) continue;
      if (filter.genres?.length && !filter.genres.some((genre) => fields.genres?.includes(genre))) continue;
      if (filter.minPrice !== undefined && (fields.price ?? -1) < filter.minPrice) continue;
      if (filter.maxPrice !== undefined && (fields.price ?? Infinity) > filter.maxPrice) continue;
      if (fields.maker !== undefined && filter.excludeMakers?.includes(fields.maker)) continue;
      if (cast.some((name) => filter.excludePerformers?.includes(name))) continue;
      shown.add(id);
    }
    return shown;
  };
  const score = (id: string, vector: Float32Array): number => {
    const row = Number(id.slice(1));
    return vector.reduce((sum, x, d) => sum + x * vectors[row * dims + d]!, 0);
  };
  return {
    items,
    dims,
    vectors,
    genres,
    makers,
    performers,
    seen,
    blocks,
    withdrawnPerformer,
    allowed,
    score,
  };
}
