import { describe, expect, test } from "vitest";
import type { Fields } from "../catalogue/mod.ts";
import { BagBuilder } from "./bag-builder.ts";
import type { FieldRow, FitContext } from "./encoder.ts";
import { type FieldFeature, fieldEncoder, fitField } from "./field-encoders.ts";
import { parseFeatureSchema } from "./schema.ts";

const day = 86_400_000;

function row(fields: Fields, more: Partial<FieldRow> = {}): FieldRow {
  return { id: "x", title: "", fields, ...more };
}

/** The declaration with its defaults, as a schema would have it. */
function declare(feature: object): FieldFeature {
  const { item } = parseFeatureSchema({
    kind: "feature-schema",
    name: "test",
    version: 1,
    item: [{ name: "it", ...feature }],
    user: [{ kind: "pattern", name: "pattern" }],
  });
  return item[0]!;
}

interface Encoded {
  /** [index, weight] of each entry. */
  readonly entries: readonly (readonly [number, number])[];
  readonly dense: readonly number[];
}

/** Fits on `rows`, sends the state through JSON, and encodes one row. */
function encode(
  feature: object,
  rows: readonly FieldRow[],
  options: { one: FieldRow; context?: FitContext },
): Encoded {
  const declared = declare(feature);
  const none = new Int32Array(rows.length);
  const context = options.context ?? { dataEnd: 0, likes: none, positives: none };
  const state = JSON.parse(JSON.stringify(fitField(declared, rows, context)));
  const encoder = fieldEncoder(declared, state);
  if (encoder.kind === "dense") {
    const out = new Float32Array(encoder.width);
    encoder.encode(options.one, out, 0);
    return { entries: [], dense: [...out] };
  }
  const out = new BagBuilder(1);
  encoder.encode(options.one, out);
  out.endRow();
  const { indices, weights } = out.finish();
  return { entries: [...indices].map((index, at) => [index, weights[at]!] as const), dense: [] };
}

describe("category", () => {
  const feature = { kind: "category", field: "maker", minCount: 2 };
  // b three times, a twice, c once: rows are b 1, a 2; c is too rare for a row.
  const rows = ["a", "b", "b", "c", "a", "b"].map((maker) => row({ maker }));
  test.each([
    ["b", 1],
    ["a", 2],
    ["c", 0],
    ["never seen", 0],
    [null, 0],
    ["", 0],
  ])("maps %j to row %i", (maker, index) => {
    expect(encode(feature, rows, { one: row({ maker }) }).entries).toEqual([[index, 1]]);
  });

  test("gives ties to the lower code unit and keeps maxVocabulary rows", () => {
    const tied = ["い", "あ", "う"].map((maker) => row({ maker }));
    const one = { ...feature, minCount: 1, maxVocabulary: 2 };
    expect(
      ["あ", "い", "う"].map((maker) => encode(one, tied, { one: row({ maker }) }).entries[0]![0]),
    ).toEqual([1, 2, 0]);
  });

  test("reads numbers and booleans as categories", () => {
    const rows = [row({ maker: 18 }), row({ maker: 18 }), row({ maker: true }), row({ maker: "18" })];
    // "18" three times, whether number or text; true once.
    expect(encode({ ...feature, minCount: 1 }, rows, { one: row({ maker: true }) }).entries).toEqual([
      [2, 1],
    ]);
    expect(encode({ ...feature, minCount: 1 }, rows, { one: row({ maker: 18 }) }).entries).toEqual([[1, 1]]);
  });
});

describe("bag", () => {
  const feature = { kind: "bag", field: "genres", minCount: 1 };
  const rows = [
    row({ genres: ["sea", "night"] }),
    row({ genres: ["sea"] }),
    row({ genres: ["sea", "city"] }),
  ];
  // sea 3 → row 1; city and night once each → rows 2 and 3 in code unit order.
  const half = Math.fround(1 / Math.sqrt(2));
  test("weighs each of n categories 1/√n", () => {
    expect(encode(feature, rows, { one: row({ genres: ["night", "sea"] }) }).entries).toEqual([
      [3, half],
      [1, half],
    ]);
  });
  test("counts a repeated category once", () => {
    expect(encode(feature, rows, { one: row({ genres: ["sea", "sea", " sea "] }) }).entries).toEqual([
      [1, 1],
    ]);
  });
  test("puts unknown categories together in row 0", () => {
    // n = 4: known sea weighs 1/2, the three unknown 3/2 together.
    expect(encode(feature, rows, { one: row({ genres: ["p", "sea", "q", "r"] }) }).entries).toEqual([
      [1, 0.5],
      [0, 1.5],
    ]);
  });
  test.each([[[]], [null], [["", Number.NaN, null]]])("maps %j to row 0", (genres) => {
    expect(encode(feature, rows, { one: row({ genres } as unknown as Fields) }).entries).toEqual([[0, 1]]);
  });
});

describe("id", () => {
  const rows = ["v1", "v2", "v3"].map((id) => row({}, { id }));
  const likes = Int32Array.of(1, 0, 4);
  const context = { dataEnd: 0, likes, positives: likes };
  const idsOf = (id: string) => encode({ kind: "id" }, rows, { one: row({}, { id }), context }).entries;
  test("gives the most liked the first row", () => {
    expect(idsOf("v3")).toEqual([[1, 1]]);
    expect(idsOf("v1")).toEqual([[2, 1]]);
  });
  test("has no entry for an item without positives, or unknown", () => {
    expect(idsOf("v2")).toEqual([]);
    expect(idsOf("v9")).toEqual([]);
  });
});

describe("number", () => {
  const feature = { kind: "number", field: "price" };
  // 1..5: median 3, quartiles 2 and 4, scale 2 / 1.349.
  const rows = [5, 1, 4, 2, 3].map((price) => row({ price }));
  test("is (x − median) · 1.349 / (q75 − q25)", () => {
    expect(encode(feature, rows, { one: row({ price: 5 }) }).dense).toEqual([Math.fround(1.349), 0]);
    expect(encode(feature, rows, { one: row({ price: 3 }) }).dense).toEqual([0, 0]);
  });
  test("is not moved by one wild value", () => {
    const wild = [...rows, row({ price: 1e300 })];
    // 1..5 and 1e300: median 3.5, quartiles 2.25 and 4.75, scale 2.5 / 1.349.
    expect(encode(feature, wild, { one: row({ price: 6 }) }).dense[0]).toBeCloseTo(1.349, 6);
  });
  test("is cut to ±clip", () => {
    expect(encode(feature, rows, { one: row({ price: 1e308 }) }).dense).toEqual([5, 0]);
    expect(encode({ ...feature, clip: 2 }, rows, { one: row({ price: -1e308 }) }).dense).toEqual([-2, 0]);
  });
  test.each([[undefined], [null], [Number.NaN], [Number.POSITIVE_INFINITY], ["300"], [[1]], [{}]])(
    "flags %j as missing",
    (price) => {
      expect(encode(feature, rows, { one: row({ price } as unknown as Fields) }).dense).toEqual([0, 1]);
    },
  );
  test("scales by the standard deviation where the quartiles coincide, and by 1 where nothing varies", () => {
    // 0 seven times and 8 once: quartiles 0 and 0; √(64 / 8) = √8; 4 / √8 = √2.
    const rare = [0, 0, 0, 0, 0, 0, 0, 8].map((price) => row({ price }));
    expect(encode(feature, rare, { one: row({ price: 4 }) }).dense[0]).toBeCloseTo(Math.SQRT2, 6);
    expect(encode(feature, [row({ price: 7 })], { one: row({ price: 9 }) }).dense).toEqual([2, 0]);
    expect(encode(feature, [], { one: row({ price: 2 }) }).dense).toEqual([2, 0]);
  });
  test("takes log(1 + |x|) with the sign when asked", () => {
    // One row: centre log(1 + 1) and scale 1; −1 is at −log 2, two log 2 below.
    const { dense } = encode({ ...feature, log: true }, [row({ price: 1 })], { one: row({ price: -1 }) });
    expect(dense[0]).toBeCloseTo(-2 * Math.LN2, 6);
  });
});

describe("count", () => {
  test("counts an array's entries; what is no array is missing", () => {
    const feature = { kind: "count", field: "tags", log: false };
    const rows = [row({ tags: ["a"] })];
    // Centre 1, scale 1.
    expect(encode(feature, rows, { one: row({ tags: ["a", "b", "c"] }) }).dense).toEqual([2, 0]);
    expect(encode(feature, rows, { one: row({ tags: [] }) }).dense).toEqual([-1, 0]);
    expect(encode(feature, rows, { one: row({ tags: "a" }) }).dense).toEqual([0, 1]);
  });
});

describe("age", () => {
  const context = { dataEnd: 1_000 * day, likes: new Int32Array(1), positives: new Int32Array(1) };
  // One row released at the end of the data: centre log(1 + 0) = 0, scale 1.
  const rows = [row({}, { releasedAt: 1_000 * day })];
  const ageOf = (releasedAt: number) =>
    encode({ kind: "age" }, rows, { one: row({}, { releasedAt }), context }).dense;
  test("is log(1 + days) before the end of the fit data", () => {
    expect(ageOf(993 * day)[0]).toBeCloseTo(Math.log(8), 6);
  });
  test("is 0 days for what came out after the fit data ended", () => {
    expect(ageOf(2_000 * day)).toEqual([0, 0]);
  });
  test("is missing without a release", () => {
    expect(encode({ kind: "age" }, rows, { one: row({}), context }).dense).toEqual([0, 1]);
  });
});

describe("popularity", () => {
  const rows = ["v1", "v2", "v3", "v4"].map((id) => row({}, { id }));
  const likes = Int32Array.of(0, 1, 3, 7);
  const context = { dataEnd: 0, likes, positives: likes };
  const of = (id: string) => encode({ kind: "popularity" }, rows, { one: row({}, { id }), context }).dense;
  test("is the standardised log count of likes", () => {
    // log2(1 + likes) of the liked: 1, 2, 3. Median 2, quartiles 1.5 and 2.5: v4 is 1.349 above, whatever the base.
    expect(of("v4")[0]).toBeCloseTo(1.349, 6);
    expect(of("v3")[0]).toBeCloseTo(0, 6);
  });
  test("is missing where nothing was liked, as its layout says of unseen items", () => {
    expect(of("v1")).toEqual([0, 1]);
    expect(of("new")).toEqual([0, 1]);
    const { unseen } = fieldEncoder(declare({ kind: "popularity" }), {
      centre: 0,
      scale: 1,
      ids: [],
      likes: [],
    }) as { unseen?: readonly number[] };
    expect(unseen).toEqual([0, 1]);
  });
});

describe("vector", () => {
  const feature = { kind: "vector", field: "look", width: 2 };
  const of = (look: unknown, more = {}) =>
    encode({ ...feature, ...more }, [], { one: row({ look } as Fields) }).dense;
  test("is scaled to length 1 unless told otherwise", () => {
    expect(of([3, 4])).toEqual([Math.fround(0.6), Math.fround(0.8), 0]);
    expect(of([3, 4], { normalise: false })).toEqual([3, 4, 0]);
    expect(of([0, 0])).toEqual([0, 0, 0]);
  });
  test.each([[[1]], [[1, 2, 3]], [[1, Number.NaN]], [[1, 1e39]], [["1", 2]], [null], ["ab"]])(
    "is zeros and a flag for %j",
    (look) => expect(of(look)).toEqual([0, 0, 1]),
  );
});

describe("band", () => {
  const feature = { kind: "band", field: "price", edges: [300, 500] };
  test.each([
    [299.9, 1],
    [300, 2],
    [499, 2],
    [500, 3],
    [1e300, 3],
    [-5, 1],
    [null, 0],
    ["400", 0],
  ])("puts %j into row %i", (price, index) => {
    expect(encode(feature, [], { one: row({ price }) }).entries).toEqual([[index, 1]]);
  });
});

describe("era", () => {
  const feature = { kind: "era", minCount: 1 };
  const rows = [1994, 1999, 2001].map((year) => row({ year }));
  test("takes the year of the field, else of the release", () => {
    // 1990 twice → row 1; 2000 once → row 2.
    expect(encode(feature, rows, { one: row({ year: 1990 }) }).entries).toEqual([[1, 1]]);
    const released = row({}, { releasedAt: Date.UTC(2009, 11, 31) });
    expect(encode(feature, rows, { one: released }).entries).toEqual([[2, 1]]);
    expect(encode(feature, rows, { one: row({ year: 1950 }) }).entries).toEqual([[0, 1]]);
    expect(encode(feature, rows, { one: row({}) }).entries).toEqual([[0, 1]]);
  });
});
