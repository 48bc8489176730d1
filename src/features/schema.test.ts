import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { movielensSchema } from "./movielens-schema.ts";
import { checkFeatureSchema, hashFeatureSchema, parseFeatureSchema } from "./schema.ts";
import { videoSchema } from "./video-schema.ts";

const articles = {
  kind: "feature-schema",
  name: "articles",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "bag", name: "topic", field: "topics" },
  ],
  user: [{ kind: "history", name: "history" }],
};

/** The schema with one member replaced, by a path such as `item.0.kind`. */
function broken(path: string, value: unknown): unknown {
  const copy = structuredClone(articles) as unknown as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop()!;
  let at = copy;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  at[last] = value;
  return copy;
}

describe("parseFeatureSchema", () => {
  test("fills in every default", () => {
    expect(parseFeatureSchema(articles)).toEqual({
      ...articles,
      item: [
        { kind: "id", name: "id", minCount: 1, maxVocabulary: 20_000 },
        { kind: "bag", name: "topic", field: "topics", minCount: 2, maxVocabulary: 20_000 },
      ],
      user: [{ kind: "history", name: "history", of: "id", signal: "positive" }],
      history: {
        limit: 100,
        maxEvents: 1_000,
        halfLifeDays: null,
        viewThreshold: 0.5,
        viewWeight: 0.5,
        utcOffsetMinutes: 540,
      },
    });
  });

  test.each([
    ["version", "1", "version", "a number", '"1"'],
    ["version", undefined, "version", "a number", "absent"],
    ["item", [], "item", "at least 1 entries", "[]"],
    ["item.1.field", 5, "item[1].field", "text", "5"],
    ["item.1.minCount", 0, "item[1].minCount", "at least 1", "0"],
    ["item.1.minCount", 1.5, "item[1].minCount", "a whole number", "1.5"],
    [
      "item.1.colour",
      1,
      "item[1]",
      'without "colour"',
      '{"kind":"bag","name":"topic","field":"topics","colour":1}',
    ],
    ["item.1.name", "id", "item[1].name", "a name used once per side", '"id"'],
    ["item.1.name", "dense", "item[1].name", 'a name other than "dense"', '"dense"'],
    [
      "item.1.name",
      "Topic!",
      "item[1].name",
      "a letter a-z, then letters, digits or _, 40 characters in all at most",
      '"Topic!"',
    ],
    ["user.0.of", "topic", "user[0].of", "the name of an item feature of kind id", '"topic", a bag'],
    ["user.0.signal", "meh", "user[0].signal", 'one of "positive", "nope"', '"meh"'],
    ["history", { limit: 0 }, "history.limit", "at least 1", "0"],
    ["history", 7, "history", "an object", "7"],
  ])("says what is wrong with %s = %j", (path, value, where, expected, received) => {
    const { schema, issues } = checkFeatureSchema(broken(path, value));
    expect(schema).toBeUndefined();
    expect(issues).toEqual([{ path: where, expected, received }]);
  });

  test("names the kinds there are where a kind is unknown", () => {
    const [issue] = checkFeatureSchema(broken("item.0.kind", "magic")).issues;
    expect(issue).toMatchObject({ path: "item[0].kind", received: '"magic"' });
    expect(issue!.expected).toMatch(/^one of "id", "category", "bag", "text"/);
  });

  test("wants a distribution to pool over a bag, and edges to ascend", () => {
    const json = {
      ...articles,
      item: [...articles.item, { kind: "number", name: "price", field: "price" }],
      user: [
        { kind: "distribution", name: "share", of: "price" },
        { kind: "distribution", name: "other", of: "nil" },
      ],
    };
    expect(checkFeatureSchema(json).issues.map(({ path, received }) => [path, received])).toEqual([
      ["user[0].of", '"price", a number'],
      ["user[1].of", '"nil", which is not declared'],
    ]);
    const band = { kind: "band", name: "band", field: "price", edges: [2, 1] };
    expect(checkFeatureSchema(broken("item", [band])).issues[0]).toEqual({
      path: "item[0].edges",
      expected: "numbers in ascending order",
      received: "[2,1]",
    });
  });

  test("throws a TypeError with path, expected and received", () => {
    expect(() => parseFeatureSchema(broken("version", 0))).toThrow(
      new TypeError("Cannot read the feature schema as version must be at least 1: current value is 0"),
    );
    expect(() => parseFeatureSchema(null)).toThrow(
      new TypeError("Cannot read the feature schema as the schema must be an object: current value is null"),
    );
  });
});

describe("hashFeatureSchema", () => {
  test("is the same with defaults written out and keys in another order", () => {
    const parsed = parseFeatureSchema(articles);
    const reordered = Object.fromEntries(Object.entries(parsed).toReversed());
    expect(hashFeatureSchema(parseFeatureSchema(reordered))).toBe(hashFeatureSchema(parsed));
  });

  test("differs where an option does", () => {
    const other = parseFeatureSchema(broken("item.1.minCount", 3));
    expect(hashFeatureSchema(other)).not.toBe(hashFeatureSchema(parseFeatureSchema(articles)));
  });
});

test("the schemas that come along survive JSON and parsing unchanged", () => {
  for (const schema of [videoSchema, movielensSchema]) {
    expect(parseFeatureSchema(JSON.parse(JSON.stringify(schema)))).toEqual(schema);
  }
  expect(videoSchema.history.limit).toBe(100);
  expect(movielensSchema.history.limit).toBe(2_000);
});

test("the schema in docs/features.md is one", () => {
  const page = readFileSync("docs/features.md", "utf8");
  const [, json] = /```json\n([\s\S]*?)```/.exec(page)!;
  expect(checkFeatureSchema(JSON.parse(json!)).issues).toEqual([]);
});
