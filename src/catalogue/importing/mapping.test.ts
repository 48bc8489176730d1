import { describe, expect, test } from "vitest";
import { isFutagoError } from "../../base/mod.ts";
import { type MappingIssue, parseImportMapping } from "./mapping.ts";
import { parseMoment } from "./moment.ts";

function issuesOf(json: unknown): readonly MappingIssue[] {
  try {
    parseImportMapping(json);
  } catch (error) {
    if (isFutagoError(error)) return error.details["issues"] as MappingIssue[];
    throw error;
  }
  return [];
}

describe("a mapping", () => {
  test("fills in its defaults, and a text stands for { from }", () => {
    const mapping = parseImportMapping({
      items: { file: "films.csv", id: "id", title: "name", fields: { maker: "studio" } },
      events: { kind: "like", file: "likes.csv", person: "who", item: "what", at: "when" },
    });
    expect(mapping.items?.fields["maker"]).toEqual({ from: "studio", type: "auto", separator: "|" });
    expect(mapping.events[0]?.at).toEqual({ from: "when", unit: "iso" });
    expect(mapping.encoding).toBe("utf-8");
  });

  test("that is wrong says where, what was expected, and what stood there", () => {
    const like = { kind: "like", file: "likes.csv", person: "who", item: "what", at: "when" };
    expect(
      issuesOf({
        items: { file: "films.csv", id: 7, title: "", colour: "red" },
        events: [
          { ...like, at: { from: "when", unit: "days" } },
          { ...like, kind: "clap" },
          { ...like, kind: "rating", rating: "stars", like: 3, nope: 4 },
        ],
      }),
    ).toEqual([
      { path: "items.id", expected: "a string", received: "7" },
      { path: "items.title", expected: "not empty", received: "" },
      { path: "items.colour", expected: "left out, as no such member is known", received: "red" },
      { path: "events.0.at.unit", expected: "one of iso, s, ms", received: "days" },
      { path: "events.1.kind", expected: "one of like, nope, rating, view, decision", received: "clap" },
      { path: "events.2.nope", expected: "a number below `like`", received: "4" },
    ]);
    expect(issuesOf([])).toEqual([{ path: "", expected: "an object", received: "[]" }]);
    expect(issuesOf({})[0]?.expected).toBe("at least one of items, people, events");
    expect(() => parseImportMapping({ items: { id: "a", title: "b" } })).toThrow(
      "Cannot import as items.file must be a string: current value is nothing",
    );
  });
});

describe("a moment", () => {
  test("is read in ISO 8601, seconds and milliseconds", () => {
    const at = Date.UTC(2026, 4, 1, 9, 30);
    for (const text of ["2026-05-01T09:30:00Z", "2026-05-01 09:30", "2026-05-01T18:30:00.000+09:00"]) {
      expect(parseMoment(text, "iso")).toBe(at);
    }
    expect(parseMoment("2026-05-01T09:30:00.123456Z", "iso")).toBe(at + 123);
    expect(parseMoment("1921-02-06", "iso")).toBe(Date.UTC(1921, 1, 6));
    expect(parseMoment("2026-05", "iso")).toBe(Date.UTC(2026, 4, 1));
    expect(parseMoment(String(at / 1000), "s")).toBe(at);
    expect(parseMoment(at, "ms")).toBe(at);
  });

  test("that is none is undefined", () => {
    for (const text of [
      "2026-02-31",
      "2026-13-01",
      "2026-05-01T25:00",
      "1 May 2026",
      "",
      "x".repeat(1e6),
      null,
    ]) {
      expect(parseMoment(text, "iso")).toBeUndefined();
    }
    for (const value of ["", "NaN", "0x10", Number.NaN, Infinity, 1_700_000_000_000, {}, true]) {
      expect(parseMoment(value, "s")).toBeUndefined();
    }
  });
});
