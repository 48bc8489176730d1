import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { buildDataset } from "../catalogue/mod.ts";
import { encodeItems, fitFeatures, parseFeatureSchema } from "../features/mod.ts";
import { FeatureDropout } from "./feature-dropout.ts";
import { idDropoutAt } from "./id-dropout.ts";
import { trainingDefaults } from "./training-config.ts";

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "drops",
  version: 1,
  item: [
    { kind: "id", name: "id", minCount: 1 },
    { kind: "category", name: "maker", field: "maker", minCount: 1 },
    { kind: "number", name: "price", field: "price" },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "distribution", name: "makerShare", of: "maker" },
  ],
});
const { dataset } = buildDataset({
  items: Array.from({ length: 400 }, (_, i) => ({
    id: `i${i}`,
    title: "",
    fields: { maker: `maker ${i % 2}`, price: i },
  })),
  people: [{ id: "p", fields: {} }],
  events: [{ personId: "p", itemId: "i0", kind: "like", at: 1 }],
});
const features = fitFeatures(schema, dataset);
const items = encodeItems(features, dataset.items);
const dropout = (shares: Record<string, number>) => new FeatureDropout(shares, { features, items });
const maker = { side: "item", name: "maker" } as const;

describe("FeatureDropout", () => {
  test("makes the asked share of rows read as missing, and leaves the others as they are", () => {
    const dropped = dropout({ "item.maker": 0.25 }).bag(maker, {
      bag: items.bags["maker"]!,
      random: createRandom(3),
    })!;
    // A missing maker is row 0 with weight 1; nobody's real maker is.
    const known = items.bags["maker"]!.indices;
    const missing = [...dropped.indices].filter((index) => index === 0).length;
    expect(missing / 400).toBeGreaterThan(0.18);
    expect(missing / 400).toBeLessThan(0.32);
    expect([...dropped.indices].every((index, row) => index === 0 || index === known[row])).toBe(true);
    expect([...dropped.weights].every((weight) => weight === 1)).toBe(true);
  });

  test("takes chosen rows, draws the same from the same source, and something else from another", () => {
    const rows = Int32Array.from({ length: 200 }, (_, at) => 2 * at + 1);
    const drop = (seed: number) =>
      dropout({ "*": 0.5 }).bag(maker, { bag: items.bags["maker"]!, rows, random: createRandom(seed) })!;
    expect(drop(1)).toEqual(drop(1));
    expect(drop(1)).not.toEqual(drop(2));
    expect(drop(1).offsets).toHaveLength(201);
    // Odd items are of maker 1 alone.
    expect(new Set(drop(1).indices).size).toBe(2);
  });

  test("writes what a missing number reads: 0, and the flag that says so", () => {
    const shares = dropout({ "item.price": 0.5 });
    const before = items.dense.slice();
    const block = shares.dense("item", items.dense, createRandom(3));
    expect(items.dense).toEqual(before);
    const flags = Array.from({ length: 400 }, (_, row) => block[2 * row + 1]);
    expect(flags.filter((flag) => flag === 1).length).toBeGreaterThan(150);
    for (const [row, flag] of flags.entries()) expect(block[2 * row]).toBe(flag === 1 ? 0 : before[2 * row]);
    expect(shares.dense("user", new Float32Array(0), createRandom(3))).toHaveLength(0);
  });

  test("one share for all content bags leaves histories and ids alone, and a named one goes before it", () => {
    const source = { bag: items.bags["maker"]!, random: createRandom(1) };
    const all = dropout({ "*": 0.999, "item.maker": 0 });
    expect(all.bag(maker, source)).toBeUndefined();
    expect(all.bag({ side: "user", name: "makerShare" }, source)).toBeDefined();
    expect(all.bag({ side: "user", name: "history" }, source)).toBeUndefined();
    expect(all.bag({ side: "item", name: "id" }, source)).toBeUndefined();
    expect(dropout({ "user.history": 0.5 }).bag({ side: "user", name: "history" }, source)).toBeDefined();
  });

  test("refuses a name that is no feature, and ids, and says what to write", () => {
    expect(() => dropout({ maker: 0.1 })).toThrow("write user.<name> or item.<name>");
    expect(() => dropout({ "item.id": 0.1 })).toThrow(RangeError);
  });
});

describe("idDropoutAt", () => {
  test("goes in a straight line from the start to the towers' share, and stays there", () => {
    const config = { ...trainingDefaults, idDropoutStart: 0.9, idDropoutShare: 0.5 };
    expect(idDropoutAt(config, { end: 0.1, done: 0 })).toBeCloseTo(0.9, 12);
    // A quarter of training is half of the way: 0.9 - 0.8 / 2.
    expect(idDropoutAt(config, { end: 0.1, done: 0.25 })).toBeCloseTo(0.5, 12);
    expect(idDropoutAt(config, { end: 0.1, done: 0.5 })).toBe(0.1);
    expect(idDropoutAt(config, { end: 0.1, done: 0.9 })).toBe(0.1);
    expect(idDropoutAt(trainingDefaults, { end: 0.1, done: 0 })).toBe(0.1);
    expect(idDropoutAt({ ...config, idDropoutShare: 0 }, { end: 0.1, done: 0 })).toBe(0.1);
  });
});
