import { describe, expect, test } from "vitest";
import { canonicalJson, sha256Hex } from "../../base/mod.ts";
import { buildDataset } from "../dataset.ts";
import { runImport } from "../importing/run-import.ts";
import { createMemoryCatalogue } from "../memory-store.ts";
import { demoImport } from "./demo-import.ts";
import { demoEnd, demoStart } from "./demo-time.ts";
import { generateDemo } from "./generate-demo.ts";
import { demoMakers, demoPerformers, demoSeries, demoTags, prefectures } from "./vocabulary.ts";

const demo = generateDemo();
const itemById = new Map(demo.items.map((item) => [item.id, item]));
const likes = demo.events.filter(({ kind }) => kind === "like");
const genresOf = (itemId: string) => itemById.get(itemId)!.fields["genres"] as string[];

describe("the demo catalogue", () => {
  test("has the size it promises", () => {
    expect(demo.items.length).toBe(3200);
    expect(demo.people.length).toBe(1000);
    expect(demo.events.length).toBeGreaterThan(60_000);
    expect(likes.length).toBeGreaterThan(30_000);
    for (const kind of ["nope", "view"]) {
      expect(demo.events.filter((event) => event.kind === kind).length).toBeGreaterThan(5000);
    }
    expect([demoMakers, demoSeries, demoPerformers, demoTags].map((words) => new Set(words).size)).toEqual([
      60, 300, 400, 150,
    ]);
    expect(new Set(prefectures).size).toBe(47);
    expect(new Set(demo.items.flatMap(({ fields }) => fields["genres"] as string[])).size).toBe(25);
  });

  test("is the same for the same seed, and another for another", () => {
    const hash = (seed: number) => sha256Hex(canonicalJson(generateDemo({ seed, items: 300, people: 40 })));
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });

  test("is a dataset without strays: unique ids, events of known people and items, within the six months", () => {
    const { skipped } = buildDataset(demo);
    expect(skipped).toBe(0);
    const outside = demo.events.filter(
      ({ itemId, at }) => at < Math.max(demoStart, itemById.get(itemId)!.releasedAt!) || at >= demoEnd,
    );
    expect(outside).toEqual([]);
  });

  test("has plausible fields", () => {
    const released = demo.items.map(({ releasedAt }) => releasedAt!);
    expect(released.filter((at) => at >= demoStart).length / 3200).toBeCloseTo(0.3, 1);
    for (const { title, fields } of demo.items) {
      expect(title).toMatch(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u);
      expect(fields["price"]).toBeGreaterThanOrEqual(100);
      expect(fields["durationMinutes"]).toBeGreaterThanOrEqual(8);
      expect(Number(fields["reviewCount"]) > 0).toBe(fields["reviewAverage"] !== undefined);
      expect((fields["performers"] as string[]).length).toBeGreaterThan(0);
    }
    expect(demo.people.filter(({ ageConfirmedAt }) => ageConfirmedAt === undefined).length).toBe(5);
    const fractions = demo.events
      .filter(({ kind }) => kind === "view")
      .map(({ watchFraction }) => watchFraction!);
    expect(fractions.filter((share) => !(share > 0 && share <= 1))).toEqual([]);
  });

  test("has tastes: most of a viewer's likes lie in few genres, and in other genres for other viewers", () => {
    const shareOfTop3 = (ids: readonly string[]): number => {
      const counts = new Map<string, number>();
      for (const id of ids) counts.set(genresOf(id)[0]!, (counts.get(genresOf(id)[0]!) ?? 0) + 1);
      const top = [...counts.values()].sort((a, b) => b - a).slice(0, 3);
      return top.reduce((sum, count) => sum + count, 0) / ids.length;
    };
    const byPerson = Map.groupBy(likes, ({ personId }) => personId);
    const active = [...byPerson.values()].filter((own) => own.length >= 20);
    const mean =
      active.reduce((sum, own) => sum + shareOfTop3(own.map(({ itemId }) => itemId)), 0) / active.length;
    expect(mean).toBeGreaterThan(2 * shareOfTop3(likes.map(({ itemId }) => itemId)));
  });

  test("has tastes that last: the genres of the first half tell those of the second", () => {
    let inFavourite = 0;
    let inOther = 0;
    let favouriteItems = 0;
    for (const own of Map.groupBy(likes, ({ personId }) => personId).values()) {
      if (own.length < 20) continue;
      const first = own.slice(0, own.length / 2).map(({ itemId }) => genresOf(itemId)[0]!);
      const favourite = [...Map.groupBy(first, (name) => name)].sort(
        (a, b) => b[1].length - a[1].length,
      )[0]![0];
      favouriteItems += demo.items.filter(({ id }) => genresOf(id)[0] === favourite).length / 3200;
      for (const { itemId } of own.slice(own.length / 2)) {
        if (genresOf(itemId)[0] === favourite) inFavourite++;
        else inOther++;
      }
    }
    const people = [...Map.groupBy(likes, ({ personId }) => personId).values()].filter(
      (own) => own.length >= 20,
    ).length;
    // How much likelier a like falls on the favourite genre than on a video drawn at random.
    const lift = inFavourite / (inFavourite + inOther) / (favouriteItems / people);
    expect(lift).toBeGreaterThan(3);
  });

  test("has fashions: likes of a new video come mostly in its first weeks", () => {
    const week = 7 * 86_400_000;
    const early = [0, 0];
    for (const { itemId, at } of likes) {
      const { releasedAt } = itemById.get(itemId)!;
      if (releasedAt! < demoStart || releasedAt! > demoEnd - 12 * week) continue;
      const age = at - releasedAt!;
      if (age < 3 * week) early[0]!++;
      else if (age >= 9 * week && age < 12 * week) early[1]!++;
    }
    expect(early[0]! / early[1]!).toBeGreaterThan(1.5);
  });

  test("has a long tail: a tenth of the videos has most of the likes, half has few", () => {
    const counts = new Map(demo.items.map(({ id }) => [id, 0]));
    for (const { itemId } of likes) counts.set(itemId, counts.get(itemId)! + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    const share = (part: number) =>
      sorted.slice(0, Math.round(part * sorted.length)).reduce((sum, count) => sum + count, 0) / likes.length;
    expect(share(0.1)).toBeGreaterThan(0.4);
    expect(share(0.5)).toBeLessThan(0.995);
  });

  test("imports like anybody's data, and again changes nothing", async () => {
    const store = createMemoryCatalogue();
    const size = { seed: 3, items: 200, people: 30 };
    const first = await runImport(demoImport(size), store, { strict: true, batchRows: 500 });
    expect(first.imported).toBe(true);
    expect(first.counts.inserted).toBe(first.rows);
    const again = await runImport(demoImport(size), store);
    expect(again.counts.unchanged).toBe(again.rows);
  });

  test("refuses sizes that are none", () => {
    expect(() => generateDemo({ items: 0 })).toThrow(RangeError);
  });
});
