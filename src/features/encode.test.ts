import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import {
  buildDataset,
  type CatalogueEvent,
  type Dataset,
  eventKinds,
  filterEvents,
  type Item,
  type Person,
  type PersonHistory,
} from "../catalogue/mod.ts";
import { parseFittedFeatures } from "./check-fitted.ts";
import { encodeItems } from "./encode-items.ts";
import { encodeUsers } from "./encode-users.ts";
import type { EncodedRows } from "./encoded.ts";
import { fitFeatures } from "./fit.ts";
import { historiesFromPeople, historiesOf } from "./histories.ts";
import { movielensSchema } from "./movielens-schema.ts";
import { parseFeatureSchema } from "./schema.ts";
import { videoSchema } from "./video-schema.ts";

const day = 86_400_000;
const start = Date.UTC(2024, 0, 1);

interface World {
  readonly items: readonly Item[];
  readonly people: readonly Person[];
  readonly events: readonly CatalogueEvent[];
  readonly dataset: Dataset;
}

/** A small catalogue of everything the video schema reads, with holes. */
function makeWorld(seed: number, size = { items: 60, people: 12, events: 600 }): World {
  const random = createRandom(seed);
  const some = (prefix: string, kinds: number, most: number): string[] =>
    Array.from({ length: random.integer(most + 1) }, () => `${prefix}${random.integer(kinds)}`);
  const maybe = <Value>(value: Value): Value | null => (random.next() < 0.1 ? null : value);
  const items: Item[] = Array.from({ length: size.items }, (_, i) => ({
    id: `v${i}`,
    title: `夏の海 ${i % 7} ${some("word", 9, 3).join(" ")}`,
    releasedAt: start - random.integer(900) * day,
    fields: {
      description: maybe("港町の静かな朝"),
      genres: some("genre", 8, 3),
      maker: maybe(`maker${random.integer(5)}`),
      series: maybe(`series${random.integer(9)}`),
      performers: some("performer", 20, 3),
      tags: some("tag", 12, 5),
      price: maybe(random.integer(6_000)),
      durationMinutes: maybe(20 + random.integer(160)),
      reviewAverage: maybe(1 + 4 * random.next()),
      reviewCount: maybe(random.integer(300)),
    },
  }));
  const people: Person[] = Array.from({ length: size.people }, (_, p) => ({
    id: `p${p}`,
    fields: { ageRange: maybe(`${20 + 10 * (p % 3)}s`), region: maybe(`region${p % 4}`) },
  }));
  const events: CatalogueEvent[] = Array.from({ length: size.events }, () => {
    const kind = eventKinds[random.integer(3)]!;
    const event = {
      personId: `p${random.integer(size.people)}`,
      itemId: `v${random.integer(size.items)}`,
      kind,
      at: start + random.integer(90) * day + random.integer(86_400) * 1_000,
    };
    if (kind !== "view") return event;
    return { ...event, watchFraction: random.next(), watchSeconds: random.integer(7_200) };
  });
  return { items, people, events, dataset: buildDataset({ items, people, events }).dataset };
}

/** The same people as a store would tell of them. */
function asStored({ items, people, events }: World): PersonHistory[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return people.map((person) => {
    const own = events.filter(({ personId }) => personId === person.id).toSorted((a, b) => a.at - b.at);
    return { person, events: own, items: new Map(own.map(({ itemId }) => [itemId, byId.get(itemId)!])) };
  });
}

const everyone = (dataset: Dataset): Int32Array => Int32Array.from(dataset.people.keys());

/** Rows as plain data, entries in order. */
function plain(rows: EncodedRows) {
  return {
    rows: rows.rows,
    dense: [...rows.dense],
    bags: Object.fromEntries(
      Object.entries(rows.bags).map(([name, { offsets, indices, weights }]) => [
        name,
        { offsets: [...offsets], indices: [...indices], weights: [...weights] },
      ]),
    ),
  };
}

const world = makeWorld(1);
const schemas = { video: videoSchema, movielens: movielensSchema };

describe.each(["video", "movielens"] as const)("with the %s schema", (name) => {
  const fitted = fitFeatures(schemas[name], world.dataset);
  const items = encodeItems(fitted, world.items);

  test("training and serving give the same arrays for the same events", () => {
    for (const asOf of [start + 90 * day, start + 45 * day, start - day]) {
      const trained = encodeUsers(fitted, historiesOf(world.dataset, everyone(world.dataset), { asOf }), {
        items,
      });
      const told = historiesFromPeople(asStored(world), { asOf });
      const served = encodeUsers(fitted, told.histories, { items: encodeItems(fitted, told.items) });
      expect(plain(served)).toEqual(plain(trained));
      const pooled = encodeItems(fitted, told.items, { features: "pooled" });
      expect(plain(encodeUsers(fitted, told.histories, { items: pooled }))).toEqual(plain(trained));
    }
  });

  test("one at a time gives what a batch gives", () => {
    const batch = encodeUsers(fitted, historiesOf(world.dataset, everyone(world.dataset)), { items });
    for (const p of world.dataset.people.keys()) {
      const one = encodeUsers(fitted, historiesOf(world.dataset, [p]), { items });
      const width = fitted.userLayout.denseWidth;
      expect([...one.dense]).toEqual([...batch.dense.subarray(p * width, (p + 1) * width)]);
      for (const [bag, csr] of Object.entries(batch.bags)) {
        const [from, to] = [csr.offsets[p]!, csr.offsets[p + 1]!];
        expect([...one.bags[bag]!.indices]).toEqual([...csr.indices.subarray(from, to)]);
        expect([...one.bags[bag]!.weights]).toEqual([...csr.weights.subarray(from, to)]);
      }
    }
    const width = fitted.itemLayout.denseWidth;
    const one = encodeItems(fitted, [world.items[5]!]);
    expect([...one.dense]).toEqual([...items.dense.subarray(5 * width, 6 * width)]);
  });

  test("the fitted state survives JSON exactly, and the check of it", () => {
    const again = parseFittedFeatures(JSON.parse(JSON.stringify(fitted)));
    expect(again).toEqual(fitted);
    expect(plain(encodeItems(again, world.items))).toEqual(plain(items));
    const histories = historiesOf(world.dataset, everyone(world.dataset));
    expect(plain(encodeUsers(again, histories, { items }))).toEqual(
      plain(encodeUsers(fitted, histories, { items })),
    );
  });

  test("rows are as the layout says", () => {
    const users = encodeUsers(fitted, historiesOf(world.dataset, everyone(world.dataset)), { items });
    for (const [rows, layout] of [
      [items, fitted.itemLayout],
      [users, fitted.userLayout],
    ] as const) {
      expect(rows.dense.length).toBe(rows.rows * layout.denseWidth);
      expect(Object.keys(rows.bags)).toEqual(layout.bags.map((bag) => bag.name));
      expect(
        layout.dense.reduce((end, { offset, width }) => (offset === end ? end + width : Number.NaN), 0),
      ).toBe(layout.denseWidth);
      for (const { name: bag, vocabulary } of layout.bags) {
        expect(rows.bags[bag]!.offsets.length).toBe(rows.rows + 1);
        expect(rows.bags[bag]!.indices.every((index) => index >= 0 && index < vocabulary)).toBe(true);
      }
    }
  });

  test("distributions sum to 1 and histories have length 1", () => {
    const users = encodeUsers(fitted, historiesOf(world.dataset, everyone(world.dataset)), { items });
    for (const feature of fitted.schema.user) {
      if (feature.kind !== "history" && feature.kind !== "distribution") continue;
      const { offsets, weights } = users.bags[feature.name]!;
      for (let u = 0; u < users.rows; u++) {
        const row = [...weights.subarray(offsets[u], offsets[u + 1])];
        expect(row.length).toBeGreaterThan(0);
        const total = row.reduce((sum, w) => sum + (feature.kind === "history" ? w * w : w), 0);
        expect(total).toBeCloseTo(1, 5);
      }
    }
  });
});

describe("encodeUsers", () => {
  const fitted = fitFeatures(videoSchema, world.dataset);
  const items = encodeItems(fitted, world.items);

  test("does not see what happens after asOf", () => {
    const asOf = start + 40 * day;
    const past = filterEvents(world.dataset, (event) => world.dataset.events.at[event]! <= asOf);
    const people = everyone(world.dataset);
    // The columns hold the future, and each viewer's asOf hides it.
    const given = { ...historiesOf(world.dataset, people), asOf: new Float64Array(people.length).fill(asOf) };
    const blind = historiesOf(past, people, { asOf });
    expect(plain(encodeUsers(fitted, given, { items }))).toEqual(
      plain(encodeUsers(fitted, blind, { items })),
    );
  });

  test("needs of a server no more than the newest maxEvents", () => {
    const schema = parseFeatureSchema({ ...videoSchema, history: { ...videoSchema.history, maxEvents: 20 } });
    const short = fitFeatures(schema, world.dataset);
    const people = everyone(world.dataset);
    const all = encodeUsers(short, historiesOf(world.dataset, people), { items });
    expect(plain(encodeUsers(short, historiesOf(world.dataset, people, { limit: 20 }), { items }))).toEqual(
      plain(all),
    );
    const fewer = encodeUsers(short, historiesOf(world.dataset, people, { limit: 19 }), { items });
    expect(plain(fewer)).not.toEqual(plain(all));
  });

  test("the mask thins bags and leaves the dense block as it is", () => {
    const histories = historiesOf(world.dataset, everyone(world.dataset));
    const whole = encodeUsers(fitted, histories, { items });
    const none = encodeUsers(fitted, histories, { items, keep: new Uint8Array(histories.item.length) });
    expect([...none.dense]).toEqual([...whole.dense]);
    expect(none.bags["history"]!.indices.length).toBe(0);
    expect(none.bags["nopes"]!.indices.length).toBe(0);
    expect(none.bags["genreShare"]!.indices.length).toBe(0);
    expect(none.bags["region"]).toEqual(whole.bags["region"]);
    const all = encodeUsers(fitted, histories, {
      items,
      keep: new Uint8Array(histories.item.length).fill(1),
    });
    expect(plain(all)).toEqual(plain(whole));
    const cached = encodeUsers(fitted, histories, { items, dense: whole.dense });
    expect(cached.dense).toBe(whole.dense);
    expect(plain(cached)).toEqual(plain(whole));
  });

  test("two fitted features of one schema do not share scratch", () => {
    const other = makeWorld(2, { items: 200, people: 5, events: 300 });
    const second = fitFeatures(videoSchema, other.dataset);
    const before = plain(encodeUsers(fitted, historiesOf(world.dataset, [3]), { items }));
    encodeUsers(second, historiesOf(other.dataset, [1]), { items: encodeItems(second, other.items) });
    encodeUsers(fitted, historiesOf(world.dataset, [4]), { items });
    expect(plain(encodeUsers(fitted, historiesOf(world.dataset, [3]), { items }))).toEqual(before);
  });

  test("refuses a mask or a dense block of another length", () => {
    const histories = historiesOf(world.dataset, [0]);
    expect(() => encodeUsers(fitted, histories, { items, keep: new Uint8Array(1) })).toThrow(
      new RangeError(
        `Cannot encode users as keep must hold ${histories.item.length} values for these histories: current value is 1`,
      ),
    );
    expect(() => encodeUsers(fitted, histories, { items, dense: new Float32Array(1) })).toThrow(RangeError);
    expect(() => historiesOf(world.dataset, [12])).toThrow(
      new RangeError("Cannot take a history as a person must be an index below 12: current value is 12"),
    );
  });

  test("works for nobody, and for nothing", () => {
    expect(encodeUsers(fitted, historiesOf(world.dataset, []), { items }).rows).toBe(0);
    expect(encodeItems(fitted, []).rows).toBe(0);
    const { dataset } = buildDataset({ items: [], people: [], events: [] });
    const empty = fitFeatures(videoSchema, dataset);
    expect(empty.dataEnd).toBe(0);
    expect(parseFittedFeatures(JSON.parse(JSON.stringify(empty)))).toEqual(empty);
    const rows = encodeItems(empty, world.items);
    expect(rows.dense.every(Number.isFinite)).toBe(true);
  });
});

describe("a designed viewer", () => {
  // Three items: sea & night by ann; sea by bob; city by bob. Liked: the first; watched to the end: the second.
  const items: Item[] = [
    { id: "a", title: "", fields: { genres: ["sea", "night"], maker: "ann" } },
    { id: "b", title: "", fields: { genres: ["sea"], maker: "bob" } },
    { id: "c", title: "", fields: { genres: ["city"], maker: "bob" } },
  ];
  const people: Person[] = [{ id: "p", fields: {} }];
  const events: CatalogueEvent[] = [
    { personId: "p", itemId: "a", kind: "like", at: start },
    { personId: "p", itemId: "b", kind: "view", at: start + 1, watchFraction: 1 },
    { personId: "p", itemId: "c", kind: "nope", at: start + 2 },
  ];
  const schema = parseFeatureSchema({
    kind: "feature-schema",
    name: "designed",
    version: 1,
    item: [
      { kind: "id", name: "id" },
      { kind: "bag", name: "genre", field: "genres", minCount: 1 },
      { kind: "category", name: "maker", field: "maker", minCount: 1 },
    ],
    user: [
      { kind: "history", name: "history" },
      { kind: "history", name: "nopes", signal: "nope" },
      { kind: "distribution", name: "genreShare", of: "genre" },
      { kind: "distribution", name: "makerShare", of: "maker" },
      { kind: "distribution", name: "nopeMaker", of: "maker", signal: "nope" },
    ],
  });
  const { dataset } = buildDataset({ items, people, events });
  const fitted = fitFeatures(schema, dataset);
  const users = encodeUsers(fitted, historiesOf(dataset, [0]), { items: encodeItems(fitted, items) });
  const entries = (bag: string) =>
    Object.fromEntries([...users.bags[bag]!.indices].map((index, i) => [index, users.bags[bag]!.weights[i]]));

  test("has the pooled features that its events say", () => {
    // Ids with positives: a and b, one each → rows 1 and 2; c has none and no row, so that the nope has no entry.
    // Like 1 and view ½: length √1.25.
    expect(entries("history")).toEqual({
      1: Math.fround(1 / Math.sqrt(1.25)),
      2: Math.fround(0.5 / Math.sqrt(1.25)),
    });
    expect(entries("nopes")).toEqual({});
    // sea 2 items → row 1; city 1 → row 2, night 1 → row 3. Like: ½ sea, ½ night; view: ½ sea. Of 1.5 in all.
    expect(entries("genreShare")).toEqual({ 1: Math.fround(2 / 3), 3: Math.fround(1 / 3) });
    // bob 2 items → row 1, ann → row 2. The view gives bob ½, the like gives ann 1.
    expect(entries("makerShare")).toEqual({ 1: Math.fround(1 / 3), 2: Math.fround(2 / 3) });
    expect(entries("nopeMaker")).toEqual({ 1: 1 });
  });
});

describe("parseFittedFeatures", () => {
  const fitted = fitFeatures(videoSchema, world.dataset);
  test.each([
    ["nothing", () => null, "the file must have the form of format 1"],
    [
      "another format",
      () => ({ ...fitted, formatVersion: 2 }),
      "formatVersion must have the form of format 1",
    ],
    [
      "a broken schema",
      () => ({ ...fitted, schema: { ...fitted.schema, version: 0 } }),
      "schema.version must be",
    ],
    ["another hash", () => ({ ...fitted, schemaHash: "00" }), "the schema must hash to 00"],
    [
      "a lost state",
      () => ({ ...fitted, itemStates: { ...fitted.itemStates, genre: null } }),
      "itemStates.genre must",
    ],
    [
      "a word that is none",
      () => ({ ...fitted, itemStates: { ...fitted.itemStates, maker: { words: ["x", 3] } } }),
      "itemStates.maker must",
    ],
    [
      "a weight beyond all numbers",
      () => ({
        ...fitted,
        itemStates: { ...fitted.itemStates, text: { words: ["x"], idf: [Number.POSITIVE_INFINITY] } },
      }),
      "itemStates.text must",
    ],
    [
      "a lost scale",
      () => ({ ...fitted, userStates: { ...fitted.userStates, activity: {} } }),
      "the scale of likes",
    ],
    [
      "a longer vocabulary",
      () => ({ ...fitted, itemStates: { ...fitted.itemStates, maker: { words: ["x"] } } }),
      "itemLayout must be what the states lead to",
    ],
  ])("refuses %s", (_, make, message) => {
    expect(() => parseFittedFeatures(make())).toThrow(message);
    expect(() => parseFittedFeatures(make())).toThrow(expect.objectContaining({ code: "bundle_corrupt" }));
  });
});
