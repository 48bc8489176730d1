import { describe, expect, test } from "vitest";
import { dmmList, dmmMinutes, dmmMoment, dmmMomentText, dmmName, dmmPrice, dmmUrl } from "./dmm-values.ts";

describe("values as the API writes them", () => {
  test.each([
    ["2025-06-06 00:00:32", "2025-06-06T00:00:32+09:00"],
    ["2025/06/06 10:00:00", "2025-06-06T10:00:00+09:00"],
    ["2025/6/6 9:05", "2025-06-06T09:05:00+09:00"],
    ["2025-06-06T10:00:00", "2025-06-06T10:00:00+09:00"],
    ["2025-06-06", "2025-06-06T00:00:00+09:00"],
    ["2025-10-01T00:00:00Z", "2025-10-01T00:00:00Z"],
    ["2024-02-29 00:00:00", "2024-02-29T00:00:00+09:00"],
  ])("the moment %s is %s", (written, iso) => {
    expect(dmmMoment(written)).toBe(Date.parse(iso));
  });

  test.each([
    "",
    "2025-02-29 00:00:00",
    "2025-13-01",
    "2025-06-06 24:00:00",
    "some day",
    "0000-00-00 00:00:00",
    7,
    null,
  ])("%j is no moment", (written) => {
    expect(dmmMoment(written)).toBeUndefined();
  });

  test("what is asked is Japanese time in whole seconds, without a zone", () => {
    expect(dmmMomentText(Date.parse("2026-11-20T15:00:00.999Z"))).toBe("2026-11-21T00:00:00");
  });

  test.each([
    ["120", 120],
    [120, 120],
    ["1:29:00", 89],
    ["2:05", 125],
    ["約60分", 60],
    ["", undefined],
    ["unknown", undefined],
    [{}, undefined],
  ])("%j are %s minutes", (written, minutes) => {
    expect(dmmMinutes(written)).toBe(minutes);
  });

  test.each([
    ["880", { yen: 880, from: false }],
    ["500~", { yen: 500, from: true }],
    ["300～", { yen: 300, from: true }],
    ["1,980〜", { yen: 1980, from: true }],
    [700, { yen: 700, from: false }],
    ["", undefined],
    ["free", undefined],
  ])("%j is the price %j", (written, price) => {
    expect(dmmPrice(written)).toEqual(price);
  });

  test("a list of one may come as its member, and none as nothing", () => {
    expect([dmmList([1, 2]), dmmList({ id: 1 }), dmmList(undefined), dmmList(null), dmmList("")]).toEqual([
      [1, 2],
      [{ id: 1 }],
      [],
      [],
      [],
    ]);
  });

  test.each([
    [{ id: 1, name: "Genre One" }, "Genre One"],
    [{ id: "1", name: 2025 }, "2025"],
    [{ id: 99999, name: "anything" }, null],
    [{ id: "99999", name: "----" }, null],
    [{ id: 5, name: "ーー" }, null],
    [{ id: 5, name: "\u0000" }, undefined],
    [{ id: 5 }, undefined],
    ["Genre One", undefined],
  ])("%j is the name %j", (written, name) => {
    expect(dmmName(written)).toBe(name);
  });

  test.each([
    ["http://pics.example/a.jpg", "https://pics.example/a.jpg"],
    ["//pics.example/a.jpg", "https://pics.example/a.jpg"],
    ["https://pics.example/a.jpg", "https://pics.example/a.jpg"],
    ["javascript:alert(1)", undefined],
    ["ftp://pics.example", undefined],
    [5, undefined],
  ])("%j is the address %j", (written, url) => {
    expect(dmmUrl(written)).toBe(url);
  });
});
