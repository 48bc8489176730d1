import { describe, expect, test } from "vitest";
import { filterEvents } from "../../catalogue/mod.ts";
import { rowOf } from "../evaluation-set.ts";
import { likedItems } from "../liked-items.ts";
import { readViewerOrder } from "../read-viewer-order.ts";
import { type EvaluationSet, protocolNames, type Split } from "../split.ts";
import { splitBy } from "../split-by.ts";
import { datasetFromMatrix, randomDataset } from "../test-data.conformance.ts";

const dataset = randomDataset(3, { people: 60, items: 50, events: 1500 });
const splits = protocolNames.map((protocol) => splitBy(dataset, protocol));
const sets = splits.flatMap((split) =>
  (["validation", "test"] as const).map((part) => ({
    split,
    part,
    set: split[part],
    name: `${split.protocol} ${part}`,
  })),
);

const givenItems = (set: EvaluationSet, row: number): number[] => [
  ...set.given.item.subarray(set.given.offsets[row]!, set.given.offsets[row + 1]!),
];

function trainedPairs(split: Split): Set<string> {
  const { person, item } = split.train.events;
  return new Set(Array.from(person, (p, e) => `${p} ${item[e]}`));
}

describe.each(sets)("$name", ({ split, set }) => {
  test("[EV3] no held item is given, seen or trained on with its viewer", () => {
    const trained = trainedPairs(split);
    for (const [row, person] of set.people.entries()) {
      const held = rowOf(set.held, row);
      expect(held.length).toBeGreaterThan(0);
      const given = new Set([...givenItems(set, row), ...rowOf(set.seen, row)]);
      for (const item of held) {
        expect(given.has(item)).toBe(false);
        expect(trained.has(`${person} ${item}`)).toBe(false);
      }
    }
  });

  test("every viewer has a given like, and what is given comes before asOf", () => {
    const { given } = set;
    const likes = likedItems(given).offsets;
    for (const row of set.people.keys()) {
      expect(likes[row + 1]! - likes[row]!).toBeGreaterThan(0);
      for (let e = given.offsets[row]!; e < given.offsets[row + 1]!; e++) {
        expect(given.at[e]).toBeLessThanOrEqual(given.asOf[row]!);
      }
    }
  });

  test("what is given is masked", () => {
    for (const row of set.people.keys()) {
      const seen = new Set(rowOf(set.seen, row));
      for (const item of givenItems(set, row)) expect(seen.has(item)).toBe(true);
    }
  });

  test("held items are among the candidates", () => {
    const candidates = set.candidates === undefined ? undefined : new Set(set.candidates);
    if (candidates !== undefined) for (const item of set.held.items) expect(candidates.has(item)).toBe(true);
    expect(Math.max(...set.held.items)).toBeLessThan(split.items.length);
  });
});

describe.each(splits)("$protocol", (split) => {
  test("[EV4] the same seed and data give the same split and hash; other data another hash", () => {
    const { protocol } = split;
    expect(splitBy(dataset, protocol)).toEqual(split);
    const fewer = filterEvents(dataset, (event) => event !== 5);
    expect(splitBy(fewer, protocol).hash).not.toBe(split.hash);
    expect(splitBy(dataset, protocol, { seed: 43 }).hash).not.toBe(split.hash);
  });

  test("items of the training data come first, in the same order", () => {
    expect(split.items.slice(0, split.train.items.length)).toEqual(split.train.items);
  });
});

describe("splitBy()", () => {
  const [strong, last, temporal, random, cold] = splits as [Split, Split, Split, Split, Split];

  test("strong: no event of a held-out viewer is trained on; a fifth of the likes is held", () => {
    const trained = new Set(strong.train.events.person);
    for (const person of [...strong.test.people, ...strong.validation.people]) {
      expect(trained.has(person)).toBe(false);
    }
    expect(strong.test.people.length).toBe(6);
    const likes = likedItems(dataset).offsets;
    for (const [row, person] of strong.test.people.entries()) {
      const liked = likes[person + 1]! - likes[person]!;
      expect(rowOf(strong.test.held, row).length).toBe(Math.max(1, Math.round(liked * 0.2)));
    }
  });

  test("last: the last like is the test, the one before it the validation", () => {
    const split = splitBy(
      datasetFromMatrix([
        [1, 0, 1, 1, 1],
        [1, 1, 0, 0, 0],
      ]),
      "last",
    );
    expect([...split.test.people]).toEqual([0]);
    expect([...split.test.held.items]).toEqual([4]);
    expect([...split.test.given.item]).toEqual([0, 2, 3]);
    expect([...split.validation.held.items]).toEqual([3]);
    expect([...split.validation.given.item]).toEqual([0, 2]);
    expect([...split.train.events.item]).toEqual([0, 2, 0, 1]);
    expect(last.parameters["order"]).toBe("time");
  });

  test("last: a given order replaces that of time, and drops what it does not name", () => {
    const order = readViewerOrder("user_id,movie_id,position\np0,i4,0\np0,i2,1\np0,i0,2\n");
    const split = splitBy(datasetFromMatrix([[1, 0, 1, 1, 1]]), "last", { order });
    expect([...split.test.held.items]).toEqual([0]);
    expect([...split.test.given.item]).toEqual([4, 2]);
    expect([...split.test.given.at]).toEqual([1000, 3000]);
    expect([...split.validation.held.items]).toEqual([2]);
    expect(split.interactions).toBe(3);
    expect(() => splitBy(dataset, "strong", { order })).toThrow(RangeError);
    expect(() => readViewerOrder("p0,i1,0\np0,i1\n")).toThrow(RangeError);
    expect(() => splitBy(dataset, "last", { order: new Map() })).toThrow(RangeError);
    expect(() => splitBy(dataset, "last", { testShare: 0.2 })).toThrow("holds out one like of each person");
  });

  test("[EV5] temporal: nothing from after a cut is trained on or given", () => {
    const { validationCut, testCut } = temporal.parameters as { validationCut: number; testCut: number };
    expect(validationCut).toBeLessThan(testCut);
    expect(Math.max(...temporal.train.events.at)).toBeLessThan(validationCut);
    expect(Math.max(...temporal.validation.given.at)).toBeLessThan(validationCut);
    expect(Math.max(...temporal.test.given.at)).toBeLessThan(testCut);
    expect(new Set(temporal.test.given.asOf)).toEqual(new Set([testCut]));
  });

  test("[EV11] random: each viewer's likes are divided 80/10/10 as RecBole does, held parts rounded down", () => {
    const likes = likedItems(dataset).offsets;
    for (const [row, person] of random.test.people.entries()) {
      const liked = likes[person + 1]! - likes[person]!;
      expect(rowOf(random.test.held, row).length).toBe(Math.max(1, Math.floor(liked * 0.1)));
    }
  });

  test("cold: the only candidates are items that training does not know", () => {
    const known = new Set(cold.train.items.map(({ id }) => id));
    expect(cold.items.length).toBe(50);
    expect(cold.train.items.length).toBe(40);
    expect(cold.test.candidates?.length).toBe(5);
    for (const item of cold.test.candidates!) expect(known.has(cold.items[item]!.id)).toBe(false);
    for (const item of cold.test.given.item) expect(item).toBeLessThan(40);
    // An event still means the item it meant before the items were put in another order.
    const original = new Set(
      Array.from(dataset.events.person, (p, e) => `${p} ${dataset.items[dataset.events.item[e]!]!.id}`),
    );
    for (const [row, person] of cold.test.people.entries()) {
      for (const item of rowOf(cold.test.held, row)) {
        expect(original.has(`${person} ${cold.items[item]!.id}`)).toBe(true);
      }
    }
  });

  test("refuses data that leaves nobody to test on", () => {
    const nobody = datasetFromMatrix([
      [1, 0],
      [0, 1],
    ]);
    for (const protocol of protocolNames)
      expect(() => splitBy(nobody, protocol), protocol).toThrow(RangeError);
  });
});
