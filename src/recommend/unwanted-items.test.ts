import { describe, expect, test } from "vitest";
import { tinyWorld } from "../../tests/tiny-world.ts";
import type { Item } from "../catalogue/mod.ts";
import type { ItemFilter } from "../embeddings/mod.ts";
import type { AnswerSource } from "./answer.ts";
import { createInferenceEngine } from "./inference-engine.ts";

// Each link of the chain, and what must be broken for it to answer p00.
const links: readonly (readonly [AnswerSource, readonly string[]])[] = [
  ["two_tower", []],
  ["linear", ["user_tower.onnx"]],
  ["popularity", ["user_tower.onnx", "fallback.json"]],
];

describe.each(links)("while %s answers", (source, missing) => {
  async function servedWorld() {
    const world = tinyWorld();
    const items: Item[] = [];
    for await (const page of world.store.items()) items.push(...page);
    // Every fifth by a maker, every fourth with a performer, every seventh dear.
    const named = items.map((item, i) => ({
      ...item,
      fields: {
        ...item.fields,
        maker: i % 5 === 0 ? "Minato" : "Aoba Films",
        performers: i % 4 === 0 ? ["Kana Aoi"] : ["Jun Seto"],
        price: i % 7 === 0 ? 5000 : 500,
      },
    }));
    await world.store.putItems(named);
    const version = await world.deploy(1);
    for (const file of missing) await world.blobs.remove(`models/${version}/${file}`);
    const engine = createInferenceEngine(world);
    const recommended = async (filter?: ItemFilter): Promise<string[]> => {
      const answer = await engine.recommend("p00", { limit: 1000, ...(filter && { filter }) });
      expect(answer.source).toBe(source);
      return answer.recommendations.map(({ itemId }) => itemId).sort();
    };
    const ranked = async (): Promise<string[]> => {
      const answer = await engine.score(
        "p00",
        items.map(({ id }) => id),
      );
      return answer.recommendations.map(({ itemId }) => itemId).sort();
    };
    const without = (ids: readonly string[], gone: (i: number) => boolean): string[] =>
      ids.filter((id) => !gone(items.findIndex((item) => item.id === id)));
    return { ...world, recommended, ranked, without, all: items.map(({ id }) => id) };
  }

  test("what a viewer blocked is neither recommended nor ranked, until they take it back", async () => {
    const { store, recommended, ranked, without, all } = await servedWorld();
    const before = await recommended();
    const blocked = (i: number) => i % 5 === 0 || i % 4 === 0;
    await store.setBlocks("p00", { makers: ["Minato"], performers: ["Kana Aoi"] });
    expect(await recommended()).toEqual(without(before, blocked));
    expect(await ranked()).toEqual(without(all, blocked));
    await store.setBlocks("p00", { makers: [], performers: [] });
    expect(await recommended()).toEqual(before);
    expect(await ranked()).toEqual(all);
  });

  test("a performer who is taken down is gone from the very next answer", async () => {
    const { store, recommended, ranked, without, all } = await servedWorld();
    const before = await recommended();
    const gone = (i: number) => i % 4 === 0;
    await store.setPerformerWithdrawn("Kana Aoi", true);
    expect(await recommended()).toEqual(without(before, gone));
    expect(await ranked()).toEqual(without(all, gone));
  });

  test("a filter holds for everything that is recommended", async () => {
    const { recommended, without } = await servedWorld();
    const before = await recommended();
    const found = await recommended({ maxPrice: 1000, excludeMakers: ["Minato"] });
    expect(found).toEqual(without(before, (i) => i % 5 === 0 || i % 7 === 0));
  });
});
