import { describe, expect, test } from "vitest";
import { BagBuilder } from "./bag-builder.ts";
import { fitText, type TextFeature, type TextState, textEncoder, textFeature } from "./text.ts";
import { forEachTerm } from "./text-terms.ts";

function termsOf(text: string): readonly string[] {
  const terms: string[] = [];
  forEachTerm(text, (term) => terms.push(term));
  return terms;
}

describe("forEachTerm", () => {
  test.each([
    ["The Old Sea", ["the", "old", "sea"]],
    ["海の旅", ["海の", "海の旅", "の旅"]],
    ["海", ["海"]],
    ["夏の海 DVD版 vol.2", ["夏の", "夏の海", "の海", "dvd", "版", "vol", "2"]],
    // NFKC: full-width letters and half-width katakana meet the usual forms.
    ["ＤＶＤ ｶﾞﾗｽ", ["dvd", "ガラ", "ガラス", "ラス"]],
    // The middle dot parts; the prolonged sound mark does not.
    ["サマー・デイ", ["サマ", "サマー", "マー", "デイ"]],
    ["été 2024年", ["été", "2024", "年"]],
    ["", []],
    ["…!? \u{1f30a}", []],
    // A lone surrogate becomes U+FFFD, which is no letter.
    ["\ud800sea\udc00", ["sea"]],
  ])("cuts %j", (text, terms) => expect(termsOf(text)).toEqual(terms));

  test("reads no more than 4,000 characters of a huge text", () => {
    expect(termsOf("a ".repeat(1_000_000)).length).toBe(2_000);
    // U+FDFA becomes 18 characters by NFKC: the cut holds after it too.
    expect(termsOf("\ufdfa".repeat(100_000)).join("").length).toBeLessThanOrEqual(4_000);
  });
});

const titles = ["sea sea night", "sea city", "night train", "old harbour"];
const rows = titles.map((title) => ({ id: title, title, fields: {} }));

function declare(options: Partial<TextFeature>): TextFeature {
  return textFeature.parse({ kind: "text", name: "text", fields: ["title"], ...options });
}

function encode(feature: TextFeature, state: TextState, title: string): (readonly [number, number])[] {
  const out = new BagBuilder(1);
  textEncoder(feature, state).encode({ id: "", title, fields: {} }, out);
  out.endRow();
  const { indices, weights } = out.finish();
  return [...indices].map((index, at) => [index, weights[at]!] as const);
}

describe("text", () => {
  const feature = declare({});
  const state = fitText(feature, rows);

  test("keeps terms of at least minCount rows with idf ln((1 + n) / (1 + df)) + 1", () => {
    // night and sea are in two rows each, every other term in one. ln(5 / 3) + 1 = 1.5108.
    expect(state).toEqual({ words: ["night", "sea"], idf: [1.5108, 1.5108] });
  });

  test("weighs (1 + ln tf) · idf to length 1", () => {
    // sea twice: 1 + ln 2 = 1.6931 against night's 1, equal idf: divided by √(1.6931² + 1).
    const length = Math.hypot(1 + Math.LN2, 1);
    const entries = encode(feature, state, "Sea night SEA");
    expect(entries.map(([index]) => index)).toEqual([2, 1]);
    expect(entries[0]![1]).toBeCloseTo((1 + Math.LN2) / length, 6);
    expect(entries[1]![1]).toBeCloseTo(1 / length, 6);
  });

  test("is row 0 without a known term, also after a row that had some", () => {
    const encoder = textEncoder(feature, state);
    const out = new BagBuilder(2);
    for (const title of ["sea", "quite unknown"]) {
      encoder.encode({ id: "", title, fields: {} }, out);
      out.endRow();
    }
    const { offsets, indices, weights } = out.finish();
    expect([[...offsets], [...indices], [...weights]]).toEqual([
      [0, 1, 2],
      [2, 0],
      [1, 1],
    ]);
  });

  test("leaves out terms of more than maxShare of the rows, from 20 rows on", () => {
    const many = Array.from({ length: 20 }, (_, i) => {
      const title = `common ${i < 10 ? "half" : "rest"} ${i < 9 ? "few" : ""}`;
      return { id: `${i}`, title, fields: {} };
    });
    // common 20 of 20 is out, half and rest 10 of 20 are just in.
    expect(fitText(feature, many).words).toEqual(["half", "rest", "few"]);
  });

  test("keeps the terms of most rows where dimensions are few", () => {
    const { words } = fitText(declare({ minCount: 1, dimensions: 3 }), rows);
    expect(words).toEqual(["night", "sea", "city"]);
  });

  test("reads several fields, and arrays of text", () => {
    const more = declare({ fields: ["title", "description", "captions"], minCount: 1 });
    const item = { id: "", title: "sea", fields: { description: "night", captions: ["old", "train"] } };
    expect(fitText(more, [item]).words).toEqual(["night", "old", "sea", "train"]);
  });
});

describe("hashed text", () => {
  const feature = declare({ vocabulary: "hashed", dimensions: 64 });
  const state = fitText(feature, rows);

  test("needs no words, and takes terms that came after fitting", () => {
    expect(state.words).toEqual([]);
    expect(state.idf.length).toBe(64);
    const [[index, weight]] = encode(feature, state, "unheard") as [[number, number]];
    expect(index).toBeGreaterThanOrEqual(1);
    expect(index).toBeLessThanOrEqual(64);
    expect(weight).toBe(1);
  });

  test("gives one term one row", () => {
    // FNV-1a of "a" is 0xe40c292c = 3826002220; 3826002220 mod 64 = 44; row 0 is kept free.
    expect(encode(feature, state, "a")).toEqual([[45, 1]]);
  });
});
