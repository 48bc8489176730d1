import fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { createRandom } from "../../base/mod.ts";
import { type CatalogueStore, createMemoryCatalogue, type Item } from "../../catalogue/mod.ts";
import { testCatalogueStore } from "../../catalogue/store.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";

const fieldValue = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string(), { maxLength: 4 }),
  fc.array(fc.integer(), { maxLength: 3 }),
);
const known = [
  "genres",
  "performers",
  "tags",
  "maker",
  "price",
  "description",
  "reviewAverage",
  "durationMinutes",
];
const anyItem = fc.record({
  id: fc.string({ minLength: 1, maxLength: 20 }).filter((id) => !id.includes("\0")),
  title: fc.string(),
  fields: fc.dictionary(fc.oneof(fc.constantFrom(...known), fc.string({ minLength: 1 })), fieldValue, {
    maxKeys: 8,
  }),
  releasedAt: fc.integer({ min: -1e13, max: 4e12 }),
});

describeDatabases("the catalogue", (open) => {
  testCatalogueStore(async () => (await open()).catalogue);

  test("any item comes back equal, whatever its fields hold, and again changes nothing", async () => {
    const { catalogue } = await open();
    const run = async (items: readonly Item[]): Promise<void> => {
      const unique = [...new Map(items.map((item) => [item.id, item])).values()];
      await catalogue.putItems(unique);
      expect((await catalogue.putItems(unique)).unchanged).toBe(unique.length);
      const found = new Map<string, Item>();
      for await (const page of catalogue.items({ ids: unique.map((item) => item.id) })) {
        for (const item of page) found.set(item.id, item);
      }
      for (const item of unique) expect(found.get(item.id)).toEqual(plain(item));
    };
    await fc.assert(fc.asyncProperty(fc.array(anyItem, { minLength: 1, maxLength: 20 }), run), {
      numRuns: 25,
      seed: 7,
    });
  });

  test("text that Postgres cannot keep is kept with U+FFFD in its place, and found by the same id", async () => {
    const { catalogue } = await open();
    const id = "nul \0 and half a pair \ud83d";
    const title = String.raw`not an escape: \u0000`;
    await catalogue.putItems([{ id, title, fields: { note: "\0", nothing: Number.NaN } }]);
    await catalogue.putPeople([{ id, fields: {} }]);
    const counts = await catalogue.putEvents([{ personId: id, itemId: id, kind: "like", at: 1 }]);
    expect(counts.inserted).toBe(1);
    const history = await catalogue.history(id, { limit: 1 });
    const [item] = history?.items.values() ?? [];
    expect(item).toEqual({
      id: "nul \ufffd and half a pair \ufffd",
      title,
      fields: { note: "\ufffd", nothing: null },
    });
    expect(await catalogue.setWithdrawn(id, true)).toBe(true);
  });

  test("an event whose time is no moment is refused", async () => {
    const { catalogue } = await open();
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 1e17]) {
      const put = catalogue.putEvents([{ personId: "p", itemId: "i", kind: "like", at }]);
      await expect(put).rejects.toThrow(RangeError);
    }
  });

  test("of many writers at once each decision ends as one row, the latest", async () => {
    const { catalogue } = await open();
    await catalogue.putItems([{ id: "i", title: "", fields: {} }]);
    await catalogue.putPeople([{ id: "p", fields: {} }]);
    const put = (at: number) =>
      catalogue.putEvents([{ personId: "p", itemId: "i", kind: at % 2 === 0 ? "like" : "nope", at }]);
    await Promise.all([3, 1, 8, 2, 9, 4, 7, 5, 6].map(put));
    const events = [];
    for await (const page of catalogue.events()) events.push(...page);
    expect(events).toEqual([{ personId: "p", itemId: "i", kind: "nope", at: 9 }]);
  });

  test("a performer who is taken down while items that name them are imported takes those along", async () => {
    const { catalogue } = await open();
    const batch = (from: number) =>
      Array.from({ length: 40 }, (_, i) => ({
        id: `i${from + i}`,
        title: `${from}`,
        fields: { performers: ["Kana Aoi", `Other ${i}`] },
      }));
    await catalogue.putItems(batch(0));
    // Each import writes new items and old ones, whose rows the take-down wants too.
    const imports = [1, 2, 3, 4, 5, 6].map((n) => catalogue.putItems(batch(n * 20)));
    const takeDown = catalogue.setPerformerWithdrawn("Kana Aoi", true);
    await Promise.all([...imports, takeDown]);
    const shown = [];
    for await (const page of catalogue.items()) shown.push(...page.filter((item) => item.withdrawn !== true));
    expect(shown).toEqual([]);
    expect((await catalogue.counts()).items).toBe(160);
  });

  test("large batches of the same likes and refusals from many writers at once all arrive", async () => {
    const { catalogue, connection } = await open();
    const range = (count: number) => Array.from({ length: count }, (_, i) => i);
    await catalogue.putItems(range(200).map((i) => ({ id: `i${i}`, title: "", fields: {} })));
    await catalogue.putPeople(range(40).map((p) => ({ id: `p${p}`, fields: {} })));
    const random = createRandom(11);
    const batches = range(6).map((writer) =>
      range(800).map(() => ({
        personId: `p${random.integer(40)}`,
        itemId: `i${random.integer(200)}`,
        kind: random.next() < 0.7 ? ("like" as const) : ("nope" as const),
        at: 1000 * random.integer(1000) + writer,
      })),
    );
    await Promise.all(batches.map((batch) => catalogue.putEvents(batch)));
    const reference = createMemoryCatalogue({
      items: range(200).map((i) => ({ id: `i${i}`, title: "", fields: {} })),
      people: range(40).map((p) => ({ id: `p${p}`, fields: {} })),
      events: batches.flat(),
    });
    const all = async (store: CatalogueStore) => {
      const events = [];
      for await (const page of store.events()) events.push(...page);
      return events;
    };
    const events = await all(catalogue);
    expect(events).toEqual(await all(reference));
    const { rows } = await sql<{ likes: number }>`
      select sum(likes)::int as likes from video_popularity`.execute(connection);
    expect(rows[0]?.likes).toBe(events.filter((event) => event.kind === "like").length);
  });
});

// As JSON has it: no minus zero, no holes.
function plain(item: Item): unknown {
  return JSON.parse(JSON.stringify(item));
}
