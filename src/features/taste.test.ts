import { describe, expect, test } from "vitest";
import { buildDataset, type Person, type PersonHistory } from "../catalogue/mod.ts";
import { encodeItems } from "./encode-items.ts";
import { encodeUsers } from "./encode-users.ts";
import { fitFeatures } from "./fit.ts";
import { historiesFromPeople, historiesOf } from "./histories.ts";
import { checkFeatureSchema, hashFeatureSchema, parseFeatureSchema } from "./schema.ts";
import { fieldsOf, tasteFields } from "./taste.ts";

const declaration = {
  kind: "feature-schema",
  name: "taste",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "bag", name: "genre", field: "genres", minCount: 1 },
    { kind: "category", name: "maker", field: "maker", minCount: 1 },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "distribution", name: "genreShare", of: "genre", declared: 3 },
    { kind: "distribution", name: "makerShare", of: "maker", declared: 3 },
    { kind: "pattern", name: "pattern" },
  ],
};
const schema = parseFeatureSchema(declaration);
const items = ["sea", "sea", "wood", "wood"].map((genre, i) => ({
  id: `v${i}`,
  title: "",
  fields: { genres: [genre], maker: `maker ${i % 2}` },
}));
const { dataset } = buildDataset({
  items,
  people: [{ id: "p", fields: {} }],
  events: items.map(({ id }, at) => ({ personId: "p", itemId: id, kind: "like" as const, at })),
});
const fitted = fitFeatures(schema, dataset);

/** What is encoded of somebody who liked the first items. */
function encoded(person: Partial<Omit<Person, "id">>, likes: number) {
  const events = items
    .slice(0, likes)
    .map(({ id }, at) => ({ personId: "q", itemId: id, kind: "like" as const, at }));
  const known = new Map(items.map((item) => [item.id, item]));
  const history: PersonHistory = { person: { id: "q", fields: {}, ...person }, events, items: known };
  const { histories, items: named } = historiesFromPeople([history], { asOf: 9 });
  return encodeUsers(fitted, histories, { items: encodeItems(fitted, named) });
}

const pooled = (person: Partial<Omit<Person, "id">>, likes: number): number[] =>
  Array.from(encoded(person, likes).bags["history"]!.weights);

/** The genre shares of somebody by genre, with the first `likes` items liked. */
function shares(person: Omit<Person, "id">, { feature = "genreShare", likes = 0 } = {}) {
  const { bags } = encoded(person, likes);
  const words = (fitted.itemStates[feature === "genreShare" ? "genre" : "maker"] as { words: string[] })
    .words;
  const { indices, weights } = bags[feature]!;
  return Object.fromEntries([...indices].map((index, i) => [words[index - 1] ?? "unknown", weights[i]!]));
}

describe("a declared taste", () => {
  test("[FE8] stands for the shares of somebody who has liked nothing, evenly, and says nothing of what is not known", () => {
    expect(shares({ fields: {}, taste: { genres: ["sea", "wood"] } })).toEqual({ sea: 0.5, wood: 0.5 });
    expect(shares({ fields: {}, taste: { genres: ["sea", "sea", "never seen"] } })).toEqual({ sea: 1 });
    expect(shares({ fields: {}, taste: { genres: ["never seen"] } })).toEqual({});
    expect(shares({ fields: {}, taste: { maker: ["maker 1"] } })).toEqual({});
    expect(shares({ fields: {}, taste: { maker: ["maker 1"] } }, { feature: "makerShare" })).toEqual({
      "maker 1": 1,
    });
    expect(shares({ fields: {} })).toEqual({});
  });

  test("[FE9] counts as so many likes as the schema says, and fades as likes come", () => {
    const taste = { genres: ["wood"] };
    // 2 likes of sea beside 3 declared of wood: 2/5 and 3/5. Then one of wood itself: 2/6 and 4/6.
    const two = shares({ fields: {}, taste }, { likes: 2 });
    expect(two["sea"]).toBeCloseTo(0.4, 6);
    expect(two["wood"]).toBeCloseTo(0.6, 6);
    const three = shares({ fields: {}, taste }, { likes: 3 });
    expect(three["sea"]).toBeCloseTo(2 / 6, 6);
    expect(three["wood"]).toBeCloseTo(4 / 6, 6);
  });

  test("[FE10] makes each like one among so many more in all that is pooled from likes, and nothing else", () => {
    const taste = { genres: ["wood"] };
    // One like beside 3 declared: a quarter of a share that was not declared, and 1 / √(1 + 3) of the history.
    expect(shares({ fields: {}, taste }, { feature: "makerShare", likes: 1 })).toEqual({ "maker 0": 0.25 });
    expect(pooled({ taste }, 1)).toEqual([0.5]);
    expect(pooled({}, 1)).toEqual([1]);
    expect(pooled({ taste: { genres: ["never seen"] } }, 1)).toEqual([1]);
    // Of 1 like and 3 unknown ones, a quarter fell on its hour and its weekday.
    const { dense } = encoded({ taste }, 1);
    expect([...dense].filter((share) => share > 0)).toEqual([0.25, 0.25]);
    expect([...encoded({}, 1).dense].filter((share) => share > 0)).toEqual([1, 1]);
  });

  test("is the same in training and serving, and hides nothing else of a person", () => {
    const person: Person = { id: "p", fields: { region: "north" }, taste: { genres: ["sea"] } };
    expect(fieldsOf(person)).toEqual({ region: "north", taste: { genres: ["sea"] } });
    expect(fieldsOf({ id: "p", fields: person.fields })).toBe(person.fields);
    const history = { person, events: [], items: new Map() };
    const served = historiesFromPeople([history], { asOf: 1 }).histories.fields;
    const trained = historiesOf({ ...dataset, people: [person] }, [0]).fields;
    expect(trained).toEqual(served);
  });

  test.each([null, "sea", 7, { genres: "sea" }, { genres: [null, {}] }, { genres: { 0: "sea" } }])(
    "%j in its place is survived",
    (taste) => {
      const weights = Object.values(shares({ fields: {}, taste: taste as never }));
      for (const weight of weights) expect(weight).toBeLessThanOrEqual(1);
    },
  );

  test("is read where the schema says so, and leaves the hash of others as it was", () => {
    expect(tasteFields(schema)).toEqual(["genres", "maker"]);
    const unread = {
      ...declaration,
      user: declaration.user.map(({ declared: _, ...rest }: { declared?: number }) => rest),
    };
    const plain = parseFeatureSchema(unread);
    expect(tasteFields(plain)).toEqual([]);
    expect(hashFeatureSchema(plain)).not.toBe(hashFeatureSchema(schema));
    expect(JSON.stringify(plain)).not.toContain("declared");
    const user = [{ kind: "distribution", name: "idShare", of: "id", declared: 3 }];
    expect(checkFeatureSchema({ ...declaration, user }).issues).toMatchObject([
      { path: "user[0].declared", received: "3" },
    ]);
  });
});
