import { describe, expect, test } from "vitest";
import { testDeclarations } from "./declarations.conformance.ts";
import type { CatalogueEvent } from "./event.ts";
import type { Item } from "./item.ts";
import type { Person } from "./person.ts";
import type { CatalogueStore, ImportCursor } from "./store.ts";

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);

const items: readonly Item[] = [
  { id: "b", title: "港の朝", fields: { genres: ["travel", "sea"], price: 1980, maker: "Aoba Films" } },
  { id: "B", title: "Capital letters sort first", fields: {}, releasedAt: start - day },
  { id: "a-1", title: "Quotes ' \" and \\ backslashes", fields: { tags: [], scores: [0.5, 2], hd: true } },
];
const people: readonly Person[] = [
  { id: "viewer-2", fields: { region: "京都府" }, ageConfirmedAt: start },
  { id: "viewer-1", fields: {} },
];
const like: CatalogueEvent = { personId: "viewer-1", itemId: "b", kind: "like", at: start };
const view: CatalogueEvent = {
  personId: "viewer-1",
  itemId: "b",
  kind: "view",
  at: start + 1,
  watchFraction: 0.5,
  watchSeconds: 1800,
};

/**
 * What every {@link CatalogueStore} must do, as tests.
 *
 * @param makeStore Called once in each test; gives an empty store. Its lifetime is the caller's affair.
 *
 * @example
 * ```ts
 * describe("in memory", () => testCatalogueStore(async () => createMemoryCatalogue()));
 * ```
 */
export function testCatalogueStore(makeStore: () => Promise<CatalogueStore>): void {
  const filled = async (): Promise<CatalogueStore> => {
    const store = await makeStore();
    await store.putItems(items);
    await store.putPeople(people);
    return store;
  };

  describe("rows", () => {
    test("an empty store holds nothing", async () => {
      const store = await makeStore();
      expect(await store.counts()).toEqual({ items: 0, people: 0, events: 0 });
      expect(await all(store.items())).toEqual([]);
      expect(await all(store.people())).toEqual([]);
      expect(await all(store.events())).toEqual([]);
      expect(await store.putItems([])).toEqual(none);
      expect(await store.putBatch({})).toEqual(none);
    });

    test("items come back whole, in code-unit order of their ids, whatever the page size", async () => {
      const store = await filled();
      const [B, a, b] = [items[1]!, items[2]!, items[0]!];
      for (const pageSize of [1, 2, 100]) {
        expect((await all(store.items({ pageSize }))).map(plain)).toEqual([B, a, b]);
      }
      expect((await all(store.items({ ids: ["b", "missing", "B"] }))).map(plain)).toEqual([B, b]);
      expect(await all(store.items({ ids: [] }))).toEqual([]);
    });

    test("people come back whole, in order of their ids", async () => {
      const store = await filled();
      expect((await all(store.people({ pageSize: 1 }))).map(plain)).toEqual([people[1], people[0]]);
    });

    test("putting counts what was inserted, updated and unchanged", async () => {
      const store = await makeStore();
      expect(await store.putItems(items)).toEqual({ ...none, inserted: 3 });
      expect(await store.putItems(items)).toEqual({ ...none, unchanged: 3 });
      const reordered = {
        ...items[0]!,
        fields: Object.fromEntries(Object.entries(items[0]!.fields).reverse()),
      };
      expect(await store.putItems([reordered])).toEqual({ ...none, unchanged: 1 });
      const dearer = { ...items[0]!, fields: { ...items[0]!.fields, price: 2980 } };
      expect(await store.putItems([dearer, items[1]!])).toEqual({ ...none, updated: 1, unchanged: 1 });
      expect((await all(store.items({ ids: ["b"] }))).map(plain)).toEqual([dearer]);
      expect(await store.putPeople(people)).toEqual({ ...none, inserted: 2 });
      expect(await store.putPeople(people)).toEqual({ ...none, unchanged: 2 });
      const older = { ...people[0]!, fields: { region: "大阪府" } };
      expect(await store.putPeople([older])).toEqual({ ...none, updated: 1 });
    });

    test("the same id twice in one batch: the last row wins, and every row is counted once", async () => {
      const store = await makeStore();
      const counts = await store.putItems([items[0]!, { ...items[0]!, title: "Renamed" }]);
      expect(counts.inserted + counts.updated + counts.unchanged).toBe(2);
      expect((await all(store.items())).map((item) => item.title)).toEqual(["Renamed"]);
    });

    test("a person put without a confirmed age is no longer confirmed", async () => {
      const store = await filled();
      await store.putPeople([{ id: "viewer-2", fields: {} }]);
      const person = (await store.history("viewer-2", { limit: 1 }))?.person;
      expect(person?.ageConfirmedAt).toBeUndefined();
    });
  });

  describe("take-down", () => {
    test("a withdrawn item stays withdrawn when it is imported again, until it is put back", async () => {
      const store = await filled();
      const withdrawn = async () => (await all(store.items({ ids: ["b"] })))[0]?.withdrawn ?? false;
      expect(await store.setWithdrawn("b", true)).toBe(true);
      await store.putItems(items);
      await store.putItems([{ ...items[0]!, title: "Renamed" }]);
      expect(await withdrawn()).toBe(true);
      expect(await store.setWithdrawn("b", false)).toBe(true);
      expect(await withdrawn()).toBe(false);
      await store.putItems([{ ...items[0]!, withdrawn: true }]);
      expect(await withdrawn()).toBe(true);
      await store.putItems([{ ...items[0]!, withdrawn: false }]);
      expect(await withdrawn()).toBe(false);
      expect(await store.setWithdrawn("missing", true)).toBe(false);
    });

    const film = (id: string, ...performers: string[]): Item => ({ id, title: id, fields: { performers } });
    const hidden = async (store: CatalogueStore): Promise<string[]> =>
      (await all(store.items())).filter((item) => item.withdrawn).map((item) => item.id);

    test("with a performer every item goes that names them, one that is imported later too, until they are put back", async () => {
      const store = await makeStore();
      const alone = { id: "0", title: "A name alone, no list", fields: { performers: "Kana Aoi" } };
      await store.putItems([
        film("1", "Kana Aoi"),
        film("2", "Jun Seto", "Kana Aoi"),
        film("3", "Jun Seto"),
        alone,
      ]);
      expect(await store.setPerformerWithdrawn("Kana Aoi", true)).toBe(true);
      expect(await hidden(store)).toEqual(["0", "1", "2"]);
      expect((await all(store.items({ ids: ["0"] })))[0]).toEqual({ ...alone, withdrawn: true });
      const again = await store.putItems([
        film("1", "Kana Aoi"),
        film("3", "Jun Seto"),
        film("4", "Kana Aoi"),
      ]);
      expect(again).toEqual({ ...none, inserted: 1, unchanged: 2 });
      await store.putItems([{ ...film("2", "Jun Seto", "Kana Aoi"), title: "Renamed" }]);
      await store.putItems([{ ...film("1", "Kana Aoi"), withdrawn: false }]);
      expect(await hidden(store)).toEqual(["0", "1", "2", "4"]);
      expect(await store.setPerformerWithdrawn("Kana Aoi", true)).toBe(true);
      expect(await store.setPerformerWithdrawn("Kana Aoi", false)).toBe(true);
      expect(await hidden(store)).toEqual([]);
      expect(await store.setPerformerWithdrawn("Nobody Known", true)).toBe(false);
    });

    test("an item is hidden while it or any of its performers is withdrawn, in a history too", async () => {
      const store = await makeStore();
      await store.putItems([film("1", "Kana Aoi", "Jun Seto"), film("2", "Jun Seto")]);
      await store.putPeople(people);
      await store.putEvents([{ ...like, itemId: "1" }]);
      await store.setWithdrawn("2", true);
      await store.setPerformerWithdrawn("Kana Aoi", true);
      await store.setPerformerWithdrawn("Jun Seto", true);
      await store.setPerformerWithdrawn("Kana Aoi", false);
      expect(await hidden(store)).toEqual(["1", "2"]);
      const history = await store.history("viewer-1", { limit: 1 });
      expect(history?.items.get("1")?.withdrawn).toBe(true);
      await store.setPerformerWithdrawn("Jun Seto", false);
      expect(await hidden(store)).toEqual(["2"]);
    });

    test("an item that no longer names a withdrawn performer comes back", async () => {
      const store = await makeStore();
      await store.putItems([film("1", "Jun Seto", "Kana Aoi"), film("2", "Kana Aoi"), film("3", "Kana Aoi")]);
      await store.setPerformerWithdrawn("Kana Aoi", true);
      await store.putItems([film("1", "Jun Seto"), film("2", "Jun Seto"), { ...film("3"), fields: {} }]);
      expect(await hidden(store)).toEqual([]);
      // Nobody names them now, and they stay withdrawn all the same.
      await store.putItems([film("4", "Kana Aoi")]);
      expect(await hidden(store)).toEqual(["4"]);
    });
  });

  describe("blocks", () => {
    test("are what was said last, each name once and in order; undefined of nobody", async () => {
      const store = await filled();
      const nothing = { makers: [], performers: [] };
      expect(await store.blocks("viewer-1")).toEqual(nothing);
      const given = { makers: ["Minato", "Aoba Films", "Minato"], performers: ["七海 ' \"\\"] };
      expect(await store.setBlocks("viewer-1", given)).toBe(true);
      const kept = { makers: ["Aoba Films", "Minato"], performers: given.performers };
      expect(await store.blocks("viewer-1")).toEqual(kept);
      expect(await store.blocks("viewer-2")).toEqual(nothing);
      await store.putPeople(people);
      expect(await store.blocks("viewer-1")).toEqual(kept);
      expect(await store.setBlocks("viewer-1", nothing)).toBe(true);
      expect(await store.blocks("viewer-1")).toEqual(nothing);
      expect(await store.setBlocks("stranger", given)).toBe(false);
      expect(await store.blocks("stranger")).toBeUndefined();
    });

    test("of too many names, or of a name that is too long or empty, are refused", async () => {
      const store = await filled();
      const many = Array.from({ length: 1001 }, (_, i) => `${i}`);
      for (const makers of [many, [""], ["x".repeat(201)]]) {
        await expect(store.setBlocks("viewer-1", { makers, performers: [] })).rejects.toThrow(RangeError);
      }
      expect(await store.setBlocks("viewer-1", { makers: many.slice(1), performers: [] })).toBe(true);
    });
  });

  testDeclarations(filled);

  describe("events", () => {
    test("come back whole, by person and time, whatever the page size", async () => {
      const store = await filled();
      const other = { ...like, personId: "viewer-2", at: start - day };
      const early = { ...like, itemId: "B", at: start - day, kind: "nope" as const };
      expect(await store.putEvents([other, view, like, early])).toEqual({ ...none, inserted: 4 });
      for (const pageSize of [1, 3, 100]) {
        const events = await all(store.events({ pageSize }));
        expect(events.map(plain)).toEqual([early, like, view, other].map(plain));
      }
      expect(await store.counts()).toEqual({ items: 3, people: 2, events: 4 });
    });

    test("the same events again change nothing", async () => {
      const store = await filled();
      await store.putEvents([like, view]);
      expect(await store.putEvents([like, view])).toEqual({ ...none, unchanged: 2 });
      expect((await store.counts()).events).toBe(2);
    });

    test("of unknown people and items are counted as orphaned and not kept", async () => {
      const store = await filled();
      const counts = await store.putEvents([
        { ...like, personId: "stranger" },
        { ...view, itemId: "missing" },
        { ...like, itemId: "missing", kind: "nope" },
        like,
      ]);
      expect(counts).toEqual({ ...none, inserted: 1, orphaned: 3 });
      expect((await store.counts()).events).toBe(1);
    });

    test("a like and a nope for one item are one decision: the latest wins in any order of arrival", async () => {
      const nope: CatalogueEvent = { ...like, kind: "nope", at: start + day };
      for (const order of [
        [like, nope],
        [nope, like],
      ]) {
        const store = await filled();
        for (const event of order) await store.putEvents([event]);
        expect((await all(store.events())).map(plain)).toEqual([nope]);
        expect(await store.putEvents([nope])).toEqual({ ...none, unchanged: 1 });
        const again = { ...like, at: start + 2 * day };
        expect(await store.putEvents([again])).toEqual({ ...none, updated: 1 });
        expect((await all(store.events())).map(plain)).toEqual([again]);
      }
      const both = await filled();
      await both.putEvents([nope, like]);
      expect((await all(both.events())).map(plain)).toEqual([nope]);
    });

    test("at the same moment a nope wins over a like", async () => {
      const nope: CatalogueEvent = { ...like, kind: "nope" };
      const store = await filled();
      await store.putEvents([nope]);
      expect(await store.putEvents([like])).toEqual({ ...none, unchanged: 1 });
      expect((await all(store.events())).map(plain)).toEqual([nope]);
    });

    test("views are one by person, item and time; a view that went on is updated", async () => {
      const store = await filled();
      await store.putEvents([view]);
      const further = { ...view, watchFraction: 1, watchSeconds: 3600 };
      expect(await store.putEvents([further])).toEqual({ ...none, updated: 1 });
      expect(await store.putEvents([{ ...view, at: view.at + 1 }])).toEqual({ ...none, inserted: 1 });
      const bare: CatalogueEvent = { personId: "viewer-1", itemId: "a-1", kind: "view", at: start };
      await store.putEvents([bare]);
      const kept = await all(store.events());
      expect(kept.map(plain)).toEqual([bare, further, { ...view, at: view.at + 1 }].map(plain));
    });
  });

  describe("history", () => {
    test("is undefined for nobody and empty for somebody who did nothing", async () => {
      const store = await filled();
      expect(await store.history("stranger", { limit: 10 })).toBeUndefined();
      const history = await store.history("viewer-2", { limit: 10 });
      expect(plain(history?.person)).toEqual(people[0]);
      expect(history?.events).toEqual([]);
      expect(history?.items.size).toBe(0);
    });

    test("holds the newest events, newest last, and their items", async () => {
      const store = await filled();
      await store.putEvents([view, like, { ...like, itemId: "B", at: start - day }]);
      const history = await store.history("viewer-1", { limit: 2 });
      expect(history?.events.map(plain)).toEqual([like, view].map(plain));
      expect([...(history?.items.keys() ?? [])]).toEqual(["b"]);
      expect(plain(history?.items.get("b"))).toEqual(items[0]);
    });
  });

  describe("import", () => {
    const cursor: ImportCursor = { source: "5f1c", lines: { "movies.dat": 120, "ratings.dat": 1 } };

    test("a batch and its cursor are written together; items and people before events", async () => {
      const store = await makeStore();
      expect(await store.importCursor("5f1c")).toBeUndefined();
      const batch = { items, people, events: [like, view, { ...like, itemId: "missing" }] };
      expect(await store.putBatch(batch, cursor)).toEqual({ ...none, inserted: 7, orphaned: 1 });
      expect(await store.importCursor("5f1c")).toEqual(cursor);
      expect(await store.importCursor("other")).toBeUndefined();
      const next = { ...cursor, lines: { ...cursor.lines, "ratings.dat": 5001 } };
      expect(await store.putBatch(batch, next)).toEqual({ ...none, unchanged: 7, orphaned: 1 });
      expect(await store.importCursor("5f1c")).toEqual(next);
      await store.clearImportCursor("5f1c");
      await store.clearImportCursor("5f1c");
      expect(await store.importCursor("5f1c")).toBeUndefined();
    });

    test("new people are inserted before the events that name them, and leave known people as they are", async () => {
      const store = await filled();
      const newPeople: Person[] = [
        { id: "viewer-2", fields: {} },
        { id: "viewer-3", fields: {}, ageConfirmedAt: start },
      ];
      const events = [{ ...like, personId: "viewer-3" }];
      expect(await store.putBatch({ newPeople, events })).toEqual({ ...none, inserted: 2, unchanged: 1 });
      expect((await all(store.people())).map(plain)).toEqual([people[1], people[0], newPeople[1]]);
    });

    test("a batch that cannot be written leaves neither rows nor cursor", async () => {
      const store = await makeStore();
      const tooLong = { id: "x".repeat(201), title: "", fields: {} };
      await expect(store.putBatch({ items: [items[0]!, tooLong], people }, cursor)).rejects.toThrow();
      expect(await store.counts()).toEqual({ items: 0, people: 0, events: 0 });
      expect(await store.importCursor("5f1c")).toBeUndefined();
      expect(await store.putBatch({ items }, cursor)).toEqual({ ...none, inserted: 3 });
    });

    test("takes thousands of rows in one batch", async () => {
      const store = await makeStore();
      const many = Array.from({ length: 5000 }, (_, i) => ({
        id: `v${i}`,
        title: `動画 ${i}`,
        fields: { i },
      }));
      const liked = many.map((item) => ({ ...like, itemId: item.id }));
      const counts = await store.putBatch({ items: many, people, events: liked });
      expect(counts).toEqual({ ...none, inserted: 10_002 });
      expect(await store.counts()).toEqual({ items: 5000, people: 2, events: 5000 });
    });
  });
}

const none = { inserted: 0, updated: 0, unchanged: 0, orphaned: 0 };

async function all<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

// Members that are undefined and members that are absent mean the same; so do withdrawn: false and none.
function plain(row: unknown): unknown {
  if (row === undefined) return undefined;
  const copy = JSON.parse(JSON.stringify(row)) as Record<string, unknown>;
  if (copy["withdrawn"] === false) delete copy["withdrawn"];
  return copy;
}
