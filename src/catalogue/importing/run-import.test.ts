import {
  anything,
  assert,
  asyncProperty,
  constantFrom,
  double,
  array as fcArray,
  integer,
  object,
  oneof,
  string,
} from "fast-check";
import { describe, expect, test } from "vitest";
import type { CatalogueEvent } from "../event.ts";
import { createMemoryCatalogue } from "../memory-store.ts";
import type { CatalogueStore } from "../store.ts";
import { memoryFolder } from "./data-folder.ts";
import type { ImportPlan } from "./import-plan.ts";
import { mappedImport } from "./mapped-import.ts";
import { parseImportMapping } from "./mapping.ts";
import { runImport } from "./run-import.ts";

const mapping = parseImportMapping({
  items: {
    file: "films.csv",
    id: "id",
    title: "name",
    releasedAt: "released",
    fields: { genres: { from: "genres", type: "list" }, price: { from: "price", type: "number" } },
  },
  people: { file: "viewers.csv", id: "id", ageConfirmedAt: "adult_since", fields: { region: "region" } },
  events: [
    {
      kind: "rating",
      file: "ratings.csv",
      person: "who",
      item: "what",
      at: { from: "when", unit: "s" },
      rating: "stars",
      like: 4,
      nope: 2,
    },
    {
      kind: "view",
      file: "views.csv",
      person: "who",
      item: "what",
      at: "when",
      watchSeconds: "seconds",
      durationSeconds: "of",
    },
  ],
});

const files = {
  "films.csv": [
    "id,name,released,genres,price",
    "f1,Harbour at dawn,2026-01-05,travel|sea,1980",
    "f2,Soup,,cooking,",
    "f3,,2026-01-05,cooking,abc",
    "f4,too,few",
  ].join("\n"),
  "viewers.csv": "id,adult_since,region\nv1,2026-01-01,京都府\nv2,,\n",
  "ratings.csv":
    "who,what,when,stars\nv1,f1,1767225600,5\nv1,f2,1767225601,3\nv2,f1,1767225602,1\nv9,f1,1767225603,5\n",
  "views.csv": "who,what,when,seconds,of\nv1,f2,2026-01-02T00:00:00Z,600,1200\nv1,f1,yesterday,-5,1200\n",
};

const planOf = (contents: Record<string, string | Uint8Array> = files): Promise<ImportPlan> =>
  mappedImport(memoryFolder(contents, { chunkSize: 40 }), mapping, { format: "csv" });

async function eventsOf(store: CatalogueStore): Promise<CatalogueEvent[]> {
  const events: CatalogueEvent[] = [];
  for await (const page of store.events()) events.push(...page);
  return events;
}

async function snapshot(store: CatalogueStore): Promise<string> {
  const rows: unknown[] = [];
  for await (const page of store.items()) rows.push(...page);
  for await (const page of store.people()) rows.push(...page);
  return JSON.stringify([...rows, ...(await eventsOf(store))]);
}

describe("runImport", () => {
  test("puts what is right, tells what is wrong, and accounts for every row", async () => {
    const store = createMemoryCatalogue();
    const summary = await runImport(await planOf(), store);
    expect(summary).toMatchObject({ imported: true, resumed: false, rows: 12, neutral: 1 });
    expect(summary.counts).toEqual({ inserted: 7, updated: 0, unchanged: 0, orphaned: 1 });
    expect(summary.issues.total).toBe(5);
    expect(summary.issues.first).toEqual([
      { file: "films.csv", line: 4, path: "name", expected: "a text", received: "nothing" },
      { file: "films.csv", line: 4, path: "price", expected: "a number", received: "abc" },
      {
        file: "films.csv",
        line: 5,
        path: "",
        expected: "5 cells, as the header has",
        received: "f4,too,few",
      },
      {
        file: "views.csv",
        line: 3,
        path: "when",
        expected: "a date such as 2026-05-01 or 2026-05-01T09:30:00Z",
        received: "yesterday",
      },
      { file: "views.csv", line: 3, path: "seconds", expected: "a number of at least 0", received: "-5" },
    ]);
    expect(await eventsOf(store)).toEqual([
      { personId: "v1", itemId: "f1", kind: "like", at: 1767225600000 },
      {
        personId: "v1",
        itemId: "f2",
        kind: "view",
        at: Date.UTC(2026, 0, 2),
        watchFraction: 0.5,
        watchSeconds: 600,
      },
      { personId: "v2", itemId: "f1", kind: "nope", at: 1767225602000 },
    ]);
    expect((await store.history("v2", { limit: 1 }))?.person.ageConfirmedAt).toBeUndefined();
  });

  test("again changes nothing", async () => {
    const store = createMemoryCatalogue();
    await runImport(await planOf(), store);
    const before = await snapshot(store);
    const again = await runImport(await planOf(), store);
    expect(again.resumed).toBe(false);
    expect(again.counts).toEqual({ inserted: 0, updated: 0, unchanged: 7, orphaned: 1 });
    expect(await snapshot(store)).toBe(before);
  });

  test("strict changes nothing where there is any issue, orphans included, and imports where there is none", async () => {
    const store = createMemoryCatalogue();
    const refused = await runImport(await planOf(), store, { strict: true });
    expect(refused.imported).toBe(false);
    expect(refused.issues.total).toBe(6);
    expect(refused.issues.first.at(-1)).toEqual({
      file: "ratings.csv",
      line: 5,
      path: "person",
      expected: "a person of the catalogue",
      received: "v9",
    });
    expect(await store.counts()).toEqual({ items: 0, people: 0, events: 0 });
    const clean = {
      "films.csv": files["films.csv"].split("\n").slice(0, 3).join("\n"),
      "viewers.csv": files["viewers.csv"],
      "ratings.csv": files["ratings.csv"],
      "views.csv": "who,what,when,seconds,of\n",
    };
    await store.putPeople([{ id: "v9", fields: {} }]);
    const taken = await runImport(await planOf(clean), store, { strict: true });
    expect(taken.imported).toBe(true);
    expect(taken.counts).toEqual({ inserted: 7, updated: 0, unchanged: 0, orphaned: 0 });
  });

  test("interrupted after any batch and started again, it ends where the uninterrupted one ends", async () => {
    const whole = createMemoryCatalogue();
    await runImport(await planOf(), whole);
    const expected = await snapshot(whole);
    for (let failing = 0; failing < 6; failing++) {
      const store = createMemoryCatalogue();
      let batches = 0;
      const dying: CatalogueStore = {
        ...store,
        putBatch: (batch, cursor) => {
          if (batches++ === failing) throw new Error("killed");
          return store.putBatch(batch, cursor);
        },
      };
      const plan = await planOf();
      await runImport(plan, dying, { batchRows: 2 }).catch(() => {});
      const rest = await runImport(plan, store, { batchRows: 3 });
      expect(await snapshot(store)).toBe(expected);
      expect(rest.resumed).toBe(failing > 0);
      expect(rest.counts.unchanged).toBe(0);
      expect(await store.importCursor(plan.source)).toBeUndefined();
    }
  });

  test("cancelled, it stops between two batches and says how to go on", async () => {
    const store = createMemoryCatalogue();
    const controller = new AbortController();
    const stopping: CatalogueStore = {
      ...store,
      putBatch: async (batch, cursor) => {
        controller.abort();
        return store.putBatch(batch, cursor);
      },
    };
    const run = runImport(await planOf(), stopping, { batchRows: 1, signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: "cancelled" });
    expect((await store.counts()).items).toBe(1);
  });

  test("makes the people that only events name, and leaves known ones as they are", async () => {
    const { people: _, ...withoutPeople } = mapping;
    const store = createMemoryCatalogue({ people: [{ id: "v1", fields: { region: "奈良県" } }] });
    const plan = await mappedImport(memoryFolder(files), withoutPeople as typeof mapping, {
      format: "csv",
      ageConfirmed: true,
    });
    expect((await runImport(plan, store)).counts.orphaned).toBe(0);
    const [known, made] = [await store.history("v1", { limit: 1 }), await store.history("v9", { limit: 1 })];
    expect(known?.person).toEqual({ id: "v1", fields: { region: "奈良県" } });
    expect(made?.person.ageConfirmedAt).toBe(Date.UTC(2000, 0, 1));
  });

  test("a mapping that names a missing file or column is refused before anything is read", async () => {
    await expect(planOf({ ...files, "films.csv": "id,title\n" })).rejects.toThrow(
      "Cannot import as items.title must be one of the columns id, title: current value is name; " +
        "items.releasedAt must be one of the columns id, title: current value is released",
    );
    const { "views.csv": _, ...three } = files;
    await expect(planOf(three)).rejects.toMatchObject({ code: "source_unreadable" });
  });
});

describe("JSON lines", () => {
  const jsonMapping = parseImportMapping({
    items: {
      file: "films.jsonl",
      id: "content.id",
      title: "content.title",
      fields: { performers: { from: "cast.name", type: "list" }, tags: "tags", scores: "scores", hd: "hd" },
    },
    events: {
      kind: "decision",
      file: "log.jsonl",
      person: "u",
      item: "v",
      at: { from: "t", unit: "ms" },
      decision: "d",
      like: ["yes"],
      nope: ["no"],
      ignore: ["skip"],
    },
  });
  const run = async (contents: Record<string, string>) => {
    const store = createMemoryCatalogue();
    const plan = await mappedImport(memoryFolder(contents), jsonMapping, { format: "jsonl" });
    return { store, summary: await runImport(plan, store) };
  };

  test("reads dotted paths, arrays of objects, and values as they are", async () => {
    const { store, summary } = await run({
      "films.jsonl": `{"content":{"id":7,"title":"港"},"cast":[{"name":"青井 澪"},{"name":"森 蓮"},{}],"tags":["sea"],"scores":[1,2.5],"hd":true}\n\n[1]\n{"content":{"id":"8"}`,
      "log.jsonl":
        '{"u":"a","v":"7","t":1767225600000,"d":"yes"}\n{"u":"a","v":7,"t":1767225600001,"d":"skip"}\n{"u":"a","v":7,"t":1,"d":"maybe"}',
    });
    for await (const [item] of store.items()) {
      expect(item?.fields).toEqual({
        performers: ["青井 澪", "森 蓮"],
        tags: ["sea"],
        scores: [1, 2.5],
        hd: true,
      });
    }
    expect(summary).toMatchObject({ rows: 6, neutral: 1, counts: { inserted: 3 } });
    expect(summary.issues.first.map(({ line, path, expected }) => [line, path, expected])).toEqual([
      [3, "", "one JSON object"],
      [4, "", "one JSON object"],
      [3, "d", "one of yes, no, skip"],
    ]);
  });

  test("[10,000 garbage rows] never throw or hang: each becomes issues or a valid row", async () => {
    const junk = oneof(
      string({ maxLength: 40 }),
      string({ unit: "binary", maxLength: 10 }),
      double(),
      anything(),
      constantFrom("7", 7, "yes", "no", "x".repeat(201), "\u0000", "\ud800", [], ["a"], [1], {}, true),
    );
    const row = oneof(
      object({
        key: constantFrom("content", "cast", "tags", "u", "v", "t", "d", "__proto__"),
        values: [junk],
        maxDepth: 2,
      }),
      fcArray(junk, { minLength: 6, maxLength: 6 }).map(([id, title, name, tags, scores, hd]) => ({
        content: { id, title },
        cast: [{ name }, name],
        tags,
        scores,
        hd,
        u: id,
        v: title,
        t: scores,
        d: hd,
      })),
    );
    const line = oneof(
      row.map(toJson),
      row.map(toJson),
      string({ maxLength: 60 }),
      row.map((value) => toJson(value).slice(0, -1)),
    );
    await assert(
      asyncProperty(
        fcArray(line, { minLength: 100, maxLength: 100 }),
        integer({ min: 0, max: 1 }),
        async (lines, swap) => {
          const text = lines.join("\n");
          const { store, summary } = await run(
            swap === 0 ? { "films.jsonl": text, "log.jsonl": "" } : { "films.jsonl": "", "log.jsonl": text },
          );
          const { counts, neutral, issues, rows } = summary;
          const valid = counts.inserted + counts.updated + counts.unchanged + counts.orphaned + neutral;
          expect(issues.total).toBeGreaterThanOrEqual(rows - valid);
          for (const issue of issues.first) expect(issue.received.length).toBeLessThanOrEqual(80);
          for await (const page of store.items()) {
            for (const item of page) expect(JSON.parse(JSON.stringify(item))).toEqual(item);
          }
        },
      ),
      { numRuns: 100, seed: 3 },
    );
  });
});

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "[circular or bigint]";
  }
}
