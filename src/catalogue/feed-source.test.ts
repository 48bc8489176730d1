import { describe, expect, test } from "vitest";
import { createFeedSource } from "./feed-source.ts";
import { memoryFolder } from "./importing/data-folder.ts";
import { httpFile } from "./importing/http-file.ts";
import { testCatalogueSource } from "./source.conformance.ts";
import type { CatalogueSource } from "./source.ts";

const rows = [
  { sku: "a1", name: "Harbour at dawn", price: 980, sold: { from: "2026-05-01" }, tags: ["sea"] },
  { sku: "a2", name: "Terrace in the rain", price: "dear" },
  { sku: "a3" },
  { name: "No id" },
  { sku: 4, name: "Garden", gone: true },
];
const text = `${rows.map((row) => JSON.stringify(row)).join("\n")}\nnot json\n`;
const mapping = {
  id: "sku",
  title: "name",
  releasedAt: { from: "sold.from", unit: "iso" as const },
  withdrawn: "gone",
  fields: {
    price: { from: "price", type: "number" as const, separator: "|" },
    tags: { from: "tags", type: "auto" as const, separator: "|" },
  },
};
const window = { partition: "feed", from: 0, to: 1 };

async function feedOf(pageSize: number): Promise<{ source: CatalogueSource; readings: () => number }> {
  const file = (await memoryFolder({ feed: text }, { chunkSize: 7 }).find("feed"))!;
  let readings = 0;
  const counted = {
    ...file,
    chunks: () => {
      readings++;
      return file.chunks();
    },
  };
  return {
    source: createFeedSource({ name: "shop", file: counted, mapping, pageSize }),
    readings: () => readings,
  };
}

describe("a feed as a source", () => {
  testCatalogueSource(async () => (await feedOf(2)).source);
});

describe("createFeedSource", () => {
  test("[CS8] gives the rows of a feed as items, and an issue for everything that is wrong", async () => {
    const { source } = await feedOf(500);
    const page = await source.page(window, { offset: 0 });
    expect(page.items).toEqual([
      {
        id: "shop:a1",
        title: "Harbour at dawn",
        releasedAt: Date.UTC(2026, 4, 1),
        fields: { price: 980, tags: ["sea"] },
      },
      { id: "shop:a2", title: "Terrace in the rain", fields: {} },
      { id: "shop:4", title: "Garden", fields: {}, withdrawn: true },
    ]);
    // a3 has no title and gives no item, but it exists: it must not be taken for deleted.
    expect(page.ids).toEqual(["shop:a1", "shop:a2", "shop:a3", "shop:4"]);
    expect(page.issues.map(({ file, line, path }) => [file, line, path])).toEqual([
      ["shop", 2, "price"],
      ["shop", 3, "name"],
      ["shop", 4, "sku"],
      ["shop", 6, ""],
    ]);
    expect([page.rows, page.total]).toEqual([6, 6]);
  });

  test("pages in order read it once, after it was counted; a page out of order begins anew", async () => {
    const { source, readings } = await feedOf(2);
    const ids: string[][] = [];
    for (let offset = 0; offset < 8; offset += 2) ids.push([...(await source.page(window, { offset })).ids]);
    expect(ids).toEqual([["shop:a1", "shop:a2"], ["shop:a3"], ["shop:4"], []]);
    expect(readings()).toBe(2);
    expect((await source.page(window, { offset: 2 })).ids).toEqual(["shop:a3"]);
    expect(readings()).toBe(3);
  });

  test("asked for many pages at once, each is the right one", async () => {
    const { source } = await feedOf(1);
    const pages = await Promise.all([3, 0, 4, 1].map((offset) => source.page(window, { offset })));
    expect(pages.map(({ ids }) => ids)).toEqual([[], ["shop:a1"], ["shop:4"], ["shop:a2"]]);
  });

  test("refuses a name or a page size out of range", async () => {
    await expect(feedOf(0)).rejects.toThrow(RangeError);
    const file = (await memoryFolder({ feed: text }).find("feed"))!;
    expect(() => createFeedSource({ name: "a shop", file, mapping })).toThrow(RangeError);
  });
});

describe("httpFile", () => {
  const url = "https://feed.invalid/items?key=never-seen";
  const read = async (answer: () => Promise<Response>): Promise<string> => {
    let all = "";
    for await (const chunk of httpFile({ name: "feed", url, fetch: answer, silenceMs: 20 }).chunks()) {
      all += new TextDecoder().decode(chunk);
    }
    return all;
  };

  test("reads what the server gives", async () => {
    expect(await read(async () => new Response(text))).toBe(text);
  });

  test("fails with source_unreadable, and without the address, whatever the network says", async () => {
    const broken = new ReadableStream({
      pull(controller) {
        controller.error(new Error(`lost ${url}`));
      },
    });
    const answers = [
      async () => new Response("no", { status: 404 }),
      async () => new Response(broken),
      () => Promise.reject(new Error(`cannot fetch ${url}`)),
      () => new Promise<Response>(() => {}),
      async () => new Response(new ReadableStream({ pull: () => new Promise<void>(() => {}) })),
    ];
    for (const answer of answers) {
      const error: unknown = await read(answer).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "source_unreadable" });
      expect(`${(error as Error).stack} ${String((error as Error).cause)}`).not.toContain("never-seen");
    }
  });
});
