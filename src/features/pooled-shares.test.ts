import { expect, test } from "vitest";
import { buildDataset, type EventKind, type Item, type PersonHistory } from "../catalogue/mod.ts";
import { bagEntries } from "./bag-entries.ts";
import { encodeItems } from "./encode-items.ts";
import { encodeUsers } from "./encode-users.ts";
import { fitFeatures } from "./fit.ts";
import { historiesFromPeople } from "./histories.ts";
import { pooledShares } from "./pooled-shares.ts";
import { parseFeatureSchema } from "./schema.ts";

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "shares",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "category", name: "maker", field: "maker", minCount: 1 },
    { kind: "bag", name: "genre", field: "genres", minCount: 1 },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "history", name: "nopes", signal: "nope" },
    { kind: "distribution", name: "makerShare", of: "maker" },
    { kind: "distribution", name: "genreShare", of: "genre" },
    { kind: "activity", name: "activity" },
  ],
  history: { halfLifeDays: null },
});
const item = (id: string, maker: string, genres: string[]): Item => ({
  id,
  title: id,
  fields: { maker, genres },
});
const items = [item("a", "X", ["g", "h"]), item("b", "X", ["g"]), item("c", "Y", ["h"])];
const events = (["like a", "like b", "nope c"] as const).map((did, i) => {
  const [kind, itemId] = did.split(" ") as [EventKind, string];
  return { personId: "p", itemId, kind, at: 1e12 + i };
});
const { dataset } = buildDataset({ items, people: [{ id: "p", fields: {} }], events });
// Every item needs a positive for a row of its own.
const fitted = fitFeatures(
  schema,
  buildDataset({
    items,
    people: [{ id: "q", fields: {} }],
    events: items.map(({ id }, i) => ({ personId: "q", itemId: id, kind: "like", at: 1e12 + i })),
  }).dataset,
);

const history: PersonHistory = {
  person: dataset.people[0]!,
  events,
  items: new Map(items.map((one) => [one.id, one])),
};

test("leads every entry back to the items that it came from", () => {
  const { histories, items: read } = historiesFromPeople([history], { asOf: 2e12 });
  const encoded = encodeItems(fitted, read, { features: "pooled" });
  const shares = pooledShares(fitted, histories, { items: encoded });
  const named = (feature: string) =>
    shares[feature]!.map(({ index, item: row, share }) => [
      bagEntries(fitted, "user", feature)![index - 1],
      row === undefined ? "said" : read[row]!.id,
      Number(share.toFixed(6)),
    ]).sort();
  expect(Object.keys(shares)).toEqual(["history", "nopes", "makerShare", "genreShare"]);
  expect(named("history")).toEqual([
    ["a", "a", 1],
    ["b", "b", 1],
  ]);
  expect(named("nopes")).toEqual([["c", "c", 1]]);
  expect(named("makerShare")).toEqual([
    ["X", "a", 0.5],
    ["X", "b", 0.5],
  ]);
  // a gives half of its weight to g and half to h, b all of its own to g: g is 1/3 a's and 2/3 b's.
  expect(named("genreShare")).toEqual([
    ["g", "a", 0.333333],
    ["g", "b", 0.666667],
    ["h", "a", 1],
  ]);
  // Nothing is pooled that encoding does not have.
  const { bags } = encodeUsers(fitted, histories, { items: encoded });
  for (const [feature, parts] of Object.entries(shares)) {
    expect(new Set(parts.map(({ index }) => index))).toEqual(new Set(bags[feature]!.indices));
  }
});

test("what was said to be liked has its share, as many likes as it counts for", () => {
  const user = schema.user.map((one) => (one.name === "makerShare" ? { ...one, declared: 2 } : one));
  const withDeclared = { ...fitted, schema: { ...schema, user } as typeof schema };
  const person = { ...history.person, taste: { maker: ["X", "unheard of"] } };
  const { histories, items: read } = historiesFromPeople([{ ...history, person }], { asOf: 2e12 });
  const encoded = encodeItems(withDeclared, read, { features: "pooled" });
  const { makerShare, genreShare } = pooledShares(withDeclared, histories, { items: encoded });
  // Two likes of maker X, a and b, and a declaration that counts as two: a quarter, a quarter and a half.
  expect(
    makerShare!.map(({ item: row, share }) => [row === undefined ? "said" : read[row]!.id, share]),
  ).toEqual([
    ["said", 0.5],
    ["b", 0.25],
    ["a", 0.25],
  ]);
  expect(genreShare!.every((part) => part.item !== undefined)).toBe(true);
});

test("is for one viewer at a time", () => {
  const { histories, items: read } = historiesFromPeople([history, history], { asOf: 2e12 });
  const encoded = encodeItems(fitted, read, { features: "pooled" });
  expect(() => pooledShares(fitted, histories, { items: encoded })).toThrow(
    "must be of one viewer: current value is 2",
  );
});
