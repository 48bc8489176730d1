import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { FutagoError } from "../base/mod.ts";
import type { VectorStore } from "../embeddings/mod.ts";
import { createInferenceEngine, type InferenceEngineDeps } from "./inference-engine.ts";

type World = ReturnType<typeof tinyWorld>;

function engineOf(world: World, options: Partial<InferenceEngineDeps> = {}) {
  return createInferenceEngine({ ...world, refreshMs: 0, retryMs: 0, ...options });
}

/** Counts of what the vector store and the catalogue are asked for besides the search itself. */
function counted(world: World) {
  const asked = { vectors: 0, items: 0, limits: [] as number[] };
  const vectors: VectorStore = {
    ...world.vectors,
    itemVectors: (version, ids) => {
      asked.vectors++;
      return world.vectors.itemVectors(version, ids);
    },
    nearest: (query) => {
      asked.limits.push(query.limit);
      return world.vectors.nearest(query);
    },
  };
  const store: World["store"] = {
    ...world.store,
    items: (options) => {
      asked.items++;
      return world.store.items(options);
    },
  };
  return { asked, engine: engineOf(world, { vectors, store }) };
}

function idsOf({ recommendations }: { recommendations: readonly { itemId: string }[] }): string[] {
  return recommendations.map(({ itemId }) => itemId);
}

/** Makers of the tiny catalogue, which deals five out in turn. */
function makersOf(ids: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) {
    const maker = `maker ${Number(id.slice(1)) % 5}`;
    counts.set(maker, (counts.get(maker) ?? 0) + 1);
  }
  return counts;
}

/** Mean cosine of all pairs. */
async function likeness(world: World, version: string, ids: readonly string[]): Promise<number> {
  const vectors = await world.vectors.itemVectors(version, ids);
  let sum = 0;
  let pairs = 0;
  for (const [i, a] of ids.entries()) {
    for (const b of ids.slice(i + 1)) {
      sum += vectors.get(a)!.reduce((total, x, d) => total + x * vectors.get(b)![d]!, 0);
      pairs++;
    }
  }
  return sum / pairs;
}

describe("variety", () => {
  test("[RC19] the more diversity is asked for, the less alike the answer, and the best comes first", async () => {
    const world = tinyWorld();
    const version = await world.deploy(1);
    const engine = engineOf(world);
    const plain = await engine.recommend("p00", { limit: 8 });
    const diverse = await engine.recommend("p00", { limit: 8, diversity: 1 });
    const spread = await engine.recommend("p00", { limit: 8, diversity: 1, method: "dpp" });
    expect(await likeness(world, version, idsOf(spread))).toBeLessThan(
      (await likeness(world, version, idsOf(plain))) - 0.05,
    );
    expect(idsOf(spread)).not.toEqual(idsOf(diverse));
    expect(diverse.source).toBe("two_tower");
    expect(diverse.recommendations.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(idsOf(diverse)[0]).toBe(idsOf(plain)[0]);
    expect(new Set(idsOf(diverse)).size).toBe(8);
    expect(await likeness(world, version, idsOf(diverse))).toBeLessThan(
      (await likeness(world, version, idsOf(plain))) - 0.05,
    );
    expect(idsOf(await engine.recommend("p00", { limit: 8, diversity: 0 }))).toEqual(idsOf(plain));
    await engine.close();
  });

  test("nothing more is read than before where nothing is to vary, and one query each where it is", async () => {
    const world = tinyWorld();
    await world.deploy(1);
    const { asked, engine } = counted(world);
    // What memory keeps is read behind the first answer.
    await engine.recommend("p00", { limit: 5 });
    await engine.refresh();
    asked.items = 0;
    asked.limits.length = 0;
    await engine.recommend("p00", { limit: 5 });
    expect(asked).toEqual({ vectors: 0, items: 0, limits: [5] });
    await engine.recommend("p00", { limit: 5, diversity: 0.3 });
    expect(asked).toEqual({ vectors: 1, items: 0, limits: [5, 20] });
    await engine.recommend("p00", { limit: 5, caps: { maker: 2 } });
    expect(asked).toEqual({ vectors: 1, items: 1, limits: [5, 20, 20] });
    await engine.close();
  });

  test("[RC20] caps hold in every link, and a small pool is widened before fewer come than were asked for", async () => {
    const world = tinyWorld();
    const version = await world.deploy(1);
    const engine = engineOf(world);
    const caps = { maker: 1 };
    const towers = await engine.recommend("p00", { limit: 5, caps });
    expect(towers.source).toBe("two_tower");
    expect([...makersOf(idsOf(towers)).values()]).toEqual([1, 1, 1, 1, 1]);
    // Five makers, two of each: no more than ten can come.
    expect(
      idsOf(await engine.recommend("p00", { limit: 20, caps: { maker: 2 }, diversity: 0.5 })),
    ).toHaveLength(10);
    const popular = await engine.recommend("p10", { limit: 5, caps });
    expect(popular.source).toBe("popularity");
    expect([...makersOf(idsOf(popular)).values()]).toEqual([1, 1, 1, 1, 1]);
    const candidates = ["v00", "v05", "v10", "v01", "v06"]; // makers 0, 0, 0, 1, 1
    expect(makersOf(idsOf(await engine.recommend("p00", { candidates, caps })))).toEqual(
      new Map([
        ["maker 0", 1],
        ["maker 1", 1],
      ]),
    );
    await engine.close();
    await world.blobs.remove(`models/${version}/user_tower.onnx`);
    const broken = engineOf(world);
    const linear = await broken.recommend("p00", { limit: 5, caps, diversity: 0.5 });
    expect(linear.source).toBe("linear");
    expect([...makersOf(idsOf(linear)).values()]).toEqual([1, 1, 1, 1, 1]);
    await broken.close();
  });

  test("caps hold in stale answers, too", async () => {
    const world = tinyWorld();
    await world.deploy(1);
    const away = { now: false };
    const store: World["store"] = {
      ...world.store,
      history: async (personId, options) => {
        if (away.now) throw new FutagoError("database_unreachable", "Cannot read: it is away");
        return world.store.history(personId, options);
      },
    };
    const engine = engineOf(world, { store });
    await engine.refresh();
    await engine.recommend("p00", { limit: 5 });
    away.now = true;
    const stale = await engine.recommend("p00", { limit: 9, caps: { maker: 1, series: 1 }, diversity: 0.5 });
    expect(stale.stale).toBe(true);
    expect([...makersOf(idsOf(stale)).values()]).toEqual([1, 1, 1, 1, 1]);
    await engine.close();
  });

  test("a request's word stands before the server's", async () => {
    const world = tinyWorld();
    await world.deploy(1);
    const engine = engineOf(world, { variety: { diversity: 1, caps: { maker: 1 } } });
    const plain = engineOf(world);
    expect(idsOf(await engine.recommend("p00"))).toHaveLength(5);
    expect(idsOf(await engine.recommend("p00", { caps: { maker: 3 } }))).toHaveLength(15);
    expect(idsOf(await engine.recommend("p00", { limit: 6, caps: { maker: 60 }, diversity: 0 }))).toEqual(
      idsOf(await plain.recommend("p00", { limit: 6 })),
    );
    // Whoever ranks by score() asks for scores and nothing else.
    expect(idsOf(await engine.score("p00", ["v00", "v05", "v10"]))).toHaveLength(3);
    await engine.close();
    await plain.close();
  });

  test("an answer never fails because of it: without vectors the order stays", async () => {
    const world = tinyWorld();
    await world.deploy(1);
    const vectors: VectorStore = {
      ...world.vectors,
      itemVectors: async () => {
        throw new FutagoError("not_found", "Cannot read vectors: they have just been dropped");
      },
    };
    const engine = engineOf(world, { vectors });
    const plain = await engine.recommend("p00", { limit: 6 });
    expect(idsOf(await engine.recommend("p00", { limit: 6, diversity: 0.8 }))).toEqual(idsOf(plain));
    await engine.close();
  });

  test.each([
    [{ diversity: 1.5 }, "diversity"],
    [{ diversity: Number.NaN }, "diversity"],
    [{ caps: { maker: 0 } }, "maker"],
    [{ caps: { performers: 1.5 } }, "performers"],
  ])("refuses %o", async (variety, named) => {
    const engine = engineOf(tinyWorld());
    await expect(engine.recommend("p00", variety)).rejects.toThrow(RangeError);
    await expect(engine.recommend("p00", variety)).rejects.toThrow(named);
    await engine.close();
  });
});
