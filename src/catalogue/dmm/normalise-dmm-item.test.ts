import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DmmFloor } from "./dmm-floor.ts";
import { normaliseDmmItem } from "./normalise-dmm-item.ts";

const floor: DmmFloor = { site: "FANZA", service: "digital", floor: "videoa" };
const place = { floor, file: "dmm", line: 1 };

const sample = {
  service_code: "digital",
  floor_code: "videoa",
  category_name: "CATEGORY",
  content_id: "abc00123",
  product_id: "abc00123",
  title: "Harbour at dawn",
  volume: "120",
  review: { count: 14, average: "4.57" },
  URL: "https://video.example/?id=abc00123",
  affiliateURL: "https://al.example/?af_id=never-seen-990",
  imageURL: { list: "http://pics.example/pt.jpg", large: "http://pics.example/pl.jpg" },
  sampleImageURL: { sample_s: { image: ["https://pics.example/1.jpg"] } },
  sampleMovieURL: { size_476_306: "https://player.example/affi_id=never-seen-990/" },
  prices: {
    price: "500~",
    list_price: "700~",
    deliveries: {
      delivery: [
        { type: "hd", price: "1680" },
        { type: "stream", price: "500" },
      ],
    },
  },
  date: "2025-06-06 00:00:32",
  iteminfo: {
    genre: [
      { id: 1, name: "Genre One" },
      { id: 2, name: "Genre Two" },
    ],
    series: [{ id: 10, name: "Series" }],
    maker: [{ id: 20, name: "Maker" }],
    actress: { id: 30, name: "Person", ruby: "ぱーそん" },
    director: [{ id: 40, name: "Director" }],
    label: [{ id: 99999, name: "----" }],
  },
  campaign: [{ date_begin: "", date_end: "2025-10-16 23:59:59", title: "Campaign" }],
};

const fieldsOf = (changes: object, of: DmmFloor = floor) => {
  const { item, issues } = normaliseDmmItem(
    { ...sample, service_code: of.service, floor_code: of.floor, ...changes },
    { ...place, floor: of },
  );
  return { fields: item?.fields ?? {}, paths: issues.map(({ path }) => path) };
};

describe("normaliseDmmItem", () => {
  test("gives the item, and nothing that carries the id of the client", () => {
    const row = normaliseDmmItem(sample, place);
    expect(row).toEqual({
      id: "dmm:FANZA:digital:videoa:abc00123",
      issues: [],
      item: {
        id: "dmm:FANZA:digital:videoa:abc00123",
        title: "Harbour at dawn",
        releasedAt: Date.parse("2025-06-06T00:00:32+09:00"),
        fields: {
          service: "digital",
          floor: "videoa",
          productId: "abc00123",
          category: "CATEGORY",
          genres: ["Genre One", "Genre Two"],
          performers: ["Person"],
          directors: ["Director"],
          maker: "Maker",
          series: "Series",
          durationMinutes: 120,
          url: "https://video.example/?id=abc00123",
          thumbnailUrl: "https://pics.example/pl.jpg",
          sampleImageUrls: ["https://pics.example/1.jpg"],
          price: 500,
          priceFrom: true,
          listPrice: 700,
          reviewCount: 14,
          reviewAverage: 4.57,
          campaigns: ["Campaign"],
          campaignEndsAt: Date.parse("2025-10-16T23:59:59+09:00"),
        },
      },
    });
    expect(JSON.stringify(row)).not.toContain("never-seen");
  });

  test("[CS2] the same item in another of the API's forms is the same item", () => {
    const other = {
      ...sample,
      volume: "2:00:00",
      review: { count: "14", average: 4.57 },
      imageURL: { large: "https://pics.example/pl.jpg" },
      sampleImageURL: { sample_s: { image: "https://pics.example/1.jpg" } },
      date: "2025/6/6 0:00:32",
      prices: { price: "500～", list_price: 700 },
      iteminfo: {
        ...sample.iteminfo,
        genre: sample.iteminfo.genre.map(({ id, name }) => ({ id: String(id), name })),
        maker: { id: "20", name: "Maker" },
        actress: [{ id: "30", name: "Person" }],
        label: [],
      },
      campaign: { date_end: "2025-10-16T14:59:59Z", title: "Campaign" },
    };
    expect(normaliseDmmItem(other, place)).toEqual(normaliseDmmItem(sample, place));
  });

  test("what the API does not say is left out without complaint", () => {
    const { item, issues } = normaliseDmmItem(
      { content_id: 77, title: "Garden", iteminfo: [], review: null },
      place,
    );
    expect(issues).toEqual([]);
    expect(item).toEqual({
      id: "dmm:FANZA:digital:videoa:77",
      title: "Garden",
      fields: { service: "digital", floor: "videoa", genres: [], performers: [], reviewCount: 0 },
    });
  });

  test("the volume is a running time on video floors, pages elsewhere, and 0 of what is announced", () => {
    expect(fieldsOf({}, { site: "FANZA", service: "ebook", floor: "comic" }).fields).not.toHaveProperty(
      "durationMinutes",
    );
    expect(fieldsOf({}, { site: "FANZA", service: "mono", floor: "dvd" }).fields.durationMinutes).toBe(120);
    expect(fieldsOf({ volume: "0" })).toMatchObject({ paths: [] });
    expect(fieldsOf({ volume: "0" }).fields).not.toHaveProperty("durationMinutes");
  });

  test("without a price of its own the lowest of the deliveries counts", () => {
    const { fields } = fieldsOf({ prices: { list_price: "", deliveries: sample.prices.deliveries } });
    expect(fields).toMatchObject({ price: 500, priceFrom: true });
    expect(fields).not.toHaveProperty("listPrice");
    expect(fieldsOf({ prices: undefined })).toMatchObject({ paths: [] });
  });

  test("an average of no reviews says nothing", () => {
    expect(fieldsOf({ review: { count: 0, average: "0.00" } }).fields).not.toHaveProperty("reviewAverage");
  });

  test.each([
    ["volume", "long", "durationMinutes"],
    ["date", "some day", "releasedAt"],
    ["prices", "free", "price"],
    ["imageURL", ["a"], "thumbnailUrl"],
    ["URL", "javascript:alert(1)", "url"],
    ["review", { count: 3, average: 17 }, "reviewAverage"],
    ["iteminfo", { genre: [7] }, undefined],
    ["campaign", ["sale"], "campaigns"],
    ["comment", "\u0000", "description"],
  ])("[CS3] a %s that cannot be read is an issue, and the rest of the item stays", (member, value, field) => {
    const { item, issues } = normaliseDmmItem({ ...sample, [member]: value }, place);
    expect(item?.title).toBe("Harbour at dawn");
    expect(issues).toHaveLength(1);
    expect(issues[0]!.path.split(".")[0]).toBe(member);
    if (field !== undefined) expect({ ...item, ...item?.fields }).not.toHaveProperty(field);
  });

  test.each([
    [{ title: "" }, "title", true],
    [{ title: { text: "x" } }, "title", true],
    [{ content_id: "" }, "content_id", false],
    [{ content_id: "a b" }, "content_id", false],
    [{ content_id: "x".repeat(300) }, "content_id", false],
    [{ floor_code: "anime" }, "floor_code", false],
  ])("%j gives no item but an issue, and the id where it is known", (changes, path, known) => {
    const row = normaliseDmmItem({ ...sample, ...changes }, place);
    expect(row.item).toBeUndefined();
    expect(row.issues).toMatchObject([{ file: "dmm", line: 1, path }]);
    expect(row.id !== undefined).toBe(known);
  });

  test("[CS4] any JSON gives an item or issues, and what it gives can be stored", () => {
    const member = fc.constantFrom(...Object.keys(sample), "comment", "stock");
    const wild = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(member, fc.jsonValue()).map((changes) => ({ ...sample, ...changes })),
      fc
        .dictionary(fc.constantFrom(...Object.keys(sample.iteminfo)), fc.jsonValue())
        .map((iteminfo) => ({ ...sample, iteminfo })),
    );
    fc.assert(
      fc.property(wild, (raw) => {
        const { item, issues } = normaliseDmmItem(raw, place);
        expect(item !== undefined || issues.length > 0).toBe(true);
        for (const { received, expected } of issues) {
          expect(received.length).toBeLessThanOrEqual(80);
          expect(expected).not.toBe("");
        }
        if (item === undefined) return;
        const text = JSON.stringify(item);
        expect(JSON.parse(text)).toEqual(item);
        expect(text.isWellFormed() && !text.includes("\\u0000")).toBe(true);
        expect(item.id.length).toBeLessThanOrEqual(200);
      }),
      { numRuns: 1000, seed: 4 },
    );
  });
});
