import { describe, expect, test } from "vitest";
import { buildDataset, type CatalogueEvent, type PersonHistory } from "../catalogue/mod.ts";
import { parseFittedFeatures } from "./check-fitted.ts";
import { encodeItems } from "./encode-items.ts";
import { encodeUsers } from "./encode-users.ts";
import { fitFeatures } from "./fit.ts";
import { historiesFromPeople, historiesOf } from "./histories.ts";
import { movielensSchema } from "./movielens-schema.ts";
import { checkFeatureSchema, parseFeatureSchema } from "./schema.ts";
import { sequenceSchema } from "./sequence-schema.ts";
import { videoSchema } from "./video-schema.ts";

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "ordered",
  version: 1,
  item: [{ kind: "id", name: "id" }],
  user: [
    { kind: "sequence", name: "sequence", length: 4 },
    { kind: "category", name: "region", field: "region", minCount: 1 },
  ],
});

const items = ["a", "b", "c", "d"].map((id) => ({ id, title: id, fields: {} }));
const people = ["x", "y"].map((id) => ({ id, fields: { region: id } }));
const second = 1000;
const event = (itemId: string, at: number, rest: Partial<CatalogueEvent> = {}): CatalogueEvent => {
  return { personId: "x", itemId, kind: "like", at: at * second, ...rest };
};
// "d" is liked by nobody, so that it has no row of its own. Rows go by the number of likes: a, b, c.
const events = [
  event("a", 0, { personId: "y" }),
  event("b", 0, { personId: "y" }),
  event("a", 1, { personId: "y" }),
  event("a", 100),
  event("b", 103, { kind: "view", watchFraction: 0.5 }),
  event("d", 103, { kind: "nope" }),
  event("c", 110),
  event("b", 1134, { kind: "view", watchFraction: Number.NaN }),
];
const { dataset } = buildDataset({ items, people, events });
const fitted = fitFeatures(schema, dataset);
const encoded = encodeItems(fitted, dataset.items);

describe("a sequence", () => {
  test("holds the start and the newest events in order: item, gap and kind", () => {
    const { sequence } = encodeUsers(fitted, historiesOf(dataset, [0]), { items: encoded });
    expect(sequence).toEqual({
      offsets: Int32Array.of(0, 5),
      // The like of "a" is the fifth from the end, and left out. b, then d without a row, then c, then b.
      items: Int32Array.of(0, 2, 0, 3, 2),
      // The first event's gap is not read. 0 s: 1 + ⌊log₂ 1⌋ = 1; 7 s: 1 + log₂ 8 = 4; 1024 s: 1 + ⌊log₂ 1025⌋ = 11.
      gaps: Int32Array.of(0, 0, 1, 4, 11),
      // Start; half watched; nope; like; unknown share.
      kinds: Int32Array.of(0, 6, 2, 1, 3),
    });
  });

  test("is a start alone for somebody who did nothing, and reads nothing after its moment", () => {
    const histories = historiesOf(dataset, [0, 0], { asOf: 103 * second });
    histories.asOf[0] = 0;
    const { sequence } = encodeUsers(fitted, histories, { items: encoded });
    expect([...sequence!.offsets]).toEqual([0, 1, 5]);
    expect([...sequence!.items]).toEqual([0, 0, 1, 2, 0]);
  });

  test("is the same from a store as from a dataset", () => {
    const stored: readonly PersonHistory[] = dataset.people.map((person) => ({
      person,
      events: events.filter(({ personId }) => personId === person.id),
      items: new Map(items.map((item) => [item.id, item])),
    }));
    const asOf = 2000 * second;
    const told = historiesFromPeople(stored, { asOf });
    const served = encodeUsers(fitted, told.histories, {
      items: encodeItems(fitted, told.items, { features: "pooled" }),
    });
    expect(served).toEqual(encodeUsers(fitted, historiesOf(dataset, [0, 1], { asOf }), { items: encoded }));
  });

  test("puts gaps and watched shares into bands", () => {
    const day = 86_400;
    const seen = [Number.NaN, 0, 0.09, 0.1, 0.5, 0.89, 0.9, 1].map((watchFraction, i) =>
      event("a", i * day * 100, { kind: "view", watchFraction }),
    );
    const wide = fitFeatures({ ...schema, user: [{ kind: "sequence", name: "sequence" }] }, dataset);
    const long = buildDataset({ items, people, events: [...seen, event("a", 1e9)] }).dataset;
    const { sequence } = encodeUsers(wide, historiesOf(long, [0]), { items: encodeItems(wide, items) });
    expect([...sequence!.kinds]).toEqual([0, 3, 4, 4, 5, 6, 6, 7, 7, 1]);
    // 8,640,000 s: 1 + ⌊log₂ 8,640,001⌋ = 24. Thirty years are in the last bucket.
    expect([...sequence!.gaps]).toEqual([0, 0, 24, 24, 24, 24, 24, 24, 24, 27]);
    expect(wide.userLayout.sequence).toEqual({
      name: "sequence",
      vocabulary: 4,
      steps: 101,
      kinds: 8,
      gaps: 28,
    });
  });

  test("is read back from a bundle", () => {
    expect(parseFittedFeatures(JSON.parse(JSON.stringify(fitted)))).toEqual(fitted);
  });
});

describe("a schema with a sequence", () => {
  const issuesOf = (user: readonly object[], history = {}) =>
    checkFeatureSchema({ ...schema, user, history }).issues.map(({ path }) => path);

  test("has no features that sum up events, and one sequence of ids that a server fetches", () => {
    const sequence = { kind: "sequence", name: "sequence" };
    expect(
      issuesOf([sequence, { kind: "history", name: "history" }, { kind: "activity", name: "a" }]),
    ).toEqual(["user[1].kind", "user[2].kind"]);
    expect(issuesOf([sequence, { ...sequence, name: "other" }])).toEqual(["user"]);
    expect(issuesOf([{ ...sequence, of: "none" }])).toEqual(["user[0].of"]);
    expect(issuesOf([{ ...sequence, length: 50 }], { maxEvents: 49 })).toEqual(["user[0].length"]);
  });

  test("is made of any other: pooled features leave, fields stay, and a server fetches as many events", () => {
    const kinds = ({ user }: typeof videoSchema) => user.map(({ kind, name }) => `${kind} ${name}`);
    const video = sequenceSchema(videoSchema);
    expect(kinds(video)).toEqual(["sequence sequence", "category ageRange", "category region"]);
    expect(video.name).toBe("video_sequence");
    expect(video.history).toMatchObject({ limit: 100, maxEvents: 100 });
    expect(sequenceSchema(movielensSchema).user[0]).toMatchObject({ of: "id", length: 200 });
    expect(sequenceSchema(movielensSchema, { length: 30 }).history.maxEvents).toBe(30);
    expect(sequenceSchema(video, { length: 30 })).toEqual(video);
    expect(() =>
      sequenceSchema({
        ...schema,
        item: [{ kind: "category", name: "id", field: "maker" }],
        user: [{ kind: "pattern", name: "pattern" }],
      }),
    ).toThrow(TypeError);
  });
});
