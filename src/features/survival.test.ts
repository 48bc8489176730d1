import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  buildDataset,
  type CatalogueEvent,
  type Item,
  type Person,
  type PersonHistory,
} from "../catalogue/mod.ts";
import { parseFittedFeatures } from "./check-fitted.ts";
import { encodeItems } from "./encode-items.ts";
import { encodeUsers } from "./encode-users.ts";
import type { EncodedRows, RowLayout } from "./encoded.ts";
import { fitFeatures } from "./fit.ts";
import { historiesFromPeople, historiesOf } from "./histories.ts";
import { parseFeatureSchema } from "./schema.ts";
import { sequenceSchema } from "./sequence-schema.ts";
import { videoSchema } from "./video-schema.ts";

// Every kind of feature on both sides, over fields that hold anything at all.
const schema = parseFeatureSchema({
  ...videoSchema,
  name: "survival",
  item: [
    ...videoSchema.item,
    { kind: "era", name: "era", field: "price" },
    { kind: "vector", name: "look", field: "look", width: 3 },
    { kind: "vector", name: "raw", field: "look", width: 3, normalise: false },
    { kind: "text", name: "hashed", fields: ["description", "tags"], vocabulary: "hashed", dimensions: 50 },
  ],
  user: [
    ...videoSchema.user,
    { kind: "distribution", name: "textShare", of: "text" },
    { kind: "bag", name: "regions", field: "region" },
    { kind: "number", name: "height", field: "price" },
    { kind: "count", name: "many", field: "tags" },
    { kind: "band", name: "bands", field: "price", edges: [0] },
    { kind: "vector", name: "taste", field: "look", width: 3 },
  ],
  history: { ...videoSchema.history, limit: 5, maxEvents: 20 },
});

const fieldNames = [
  "description",
  "genres",
  "maker",
  "series",
  "performers",
  "tags",
  "price",
  "durationMinutes",
  "reviewAverage",
  "reviewCount",
  "look",
  "ageRange",
  "region",
  "__proto__",
];

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "",
    " ",
    "\ud800",
    "\udc00\ud800",
    "constructor",
    "__proto__",
    "夏の海",
    "x".repeat(20_000),
  ),
);
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 5e-324, 1.7e308, -1.7e308, 1e39, 100),
);
const anything = fc.oneof(
  text,
  number,
  fc.constantFrom(null, undefined, true, {}, Symbol.iterator, () => 1, 10n),
  fc.array(fc.oneof(text, number, fc.constantFrom(null, undefined, {}, [])), { maxLength: 5 }),
  fc.array(number, { minLength: 3, maxLength: 3 }),
);
const fields = fc.oneof(
  { weight: 20, arbitrary: fc.dictionary(fc.constantFrom(...fieldNames), anything) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, 5, "fields") },
);

const rows = fc.record({
  items: fc.uniqueArray(fc.record({ id: text, title: anything, fields, releasedAt: anything }), {
    selector: ({ id }) => id,
    maxLength: 8,
  }),
  people: fc.uniqueArray(fc.record({ id: text, fields }), { selector: ({ id }) => id, maxLength: 4 }),
});

const world = rows.chain(({ items, people }) => {
  const event = fc.record({
    personId: fc.constantFrom(...people.map(({ id }) => id), "nobody"),
    itemId: fc.constantFrom(...items.map(({ id }) => id), "nothing"),
    kind: fc.constantFrom("like", "nope", "view", "shrug"),
    at: fc.oneof(number, fc.integer({ min: 0, max: 1e10 })),
    watchFraction: fc.option(number, { nil: undefined }),
    watchSeconds: fc.option(number, { nil: undefined }),
  });
  return fc.record({
    items: fc.constant(items as unknown as Item[]),
    people: fc.constant(people as unknown as Person[]),
    events: fc.array(event, { maxLength: 40 }) as unknown as fc.Arbitrary<CatalogueEvent[]>,
    asOf: number,
  });
});

function expectSound(rows: EncodedRows, layout: RowLayout): void {
  expect(rows.dense.length).toBe(rows.rows * layout.denseWidth);
  expect(rows.dense.findIndex((x) => !Number.isFinite(x))).toBe(-1);
  for (const { name, vocabulary } of layout.bags) {
    const { offsets, indices, weights } = rows.bags[name]!;
    expect(offsets.length).toBe(rows.rows + 1);
    expect(offsets[rows.rows]).toBe(indices.length);
    expect(offsets.findIndex((offset, r) => r > 0 && offset < offsets[r - 1]!)).toBe(-1);
    expect(indices.findIndex((index) => !(index >= 0 && index < vocabulary))).toBe(-1);
    expect(weights.findIndex((weight) => !(Number.isFinite(weight) && weight > 0))).toBe(-1);
  }
  if (layout.sequence === undefined) return;
  const { vocabulary, steps, gaps, kinds } = layout.sequence;
  const { offsets, ...columns } = rows.sequence!;
  expect(
    offsets.findIndex((at, r) => r > 0 && !(at > offsets[r - 1]! && at <= offsets[r - 1]! + steps)),
  ).toBe(-1);
  for (const [column, below] of [
    [columns.items, vocabulary],
    [columns.gaps, gaps],
    [columns.kinds, kinds],
  ] as const) {
    expect(column.length).toBe(offsets[rows.rows]);
    expect(column.findIndex((x) => !(x >= 0 && x < below))).toBe(-1);
  }
}

describe("whatever the data holds", () => {
  test.each([
    { of: "pooled features", schema, numRuns: 300 },
    { of: "a sequence", schema: sequenceSchema(schema, { length: 5 }), numRuns: 100 },
  ])("fitting and encoding do not throw, and rows are finite and in range: $of", ({ schema, numRuns }) => {
    fc.assert(
      fc.property(world, world, (one, other) => {
        const { dataset } = buildDataset(one);
        const fitted = fitFeatures(schema, dataset);
        expect(parseFittedFeatures(JSON.parse(JSON.stringify(fitted)))).toEqual(fitted);
        for (const { items, people, events, asOf } of [one, other]) {
          const encoded = encodeItems(fitted, items);
          expectSound(encoded, fitted.itemLayout);
          const stored = people.map((person): PersonHistory => {
            const own = events.filter(({ personId }) => personId === person.id);
            return { person, events: own, items: new Map(items.map((item) => [item.id, item])) };
          });
          const told = historiesFromPeople(stored, { asOf });
          const served = encodeUsers(fitted, told.histories, { items: encodeItems(fitted, told.items) });
          expectSound(served, fitted.userLayout);
          const histories = historiesOf(buildDataset({ items, people, events }).dataset, [...people.keys()], {
            asOf,
          });
          expectSound(encodeUsers(fitted, histories, { items: encoded }), fitted.userLayout);
        }
      }),
      { numRuns, seed: 20_260_101 },
    );
  });
});
