import { expect, test } from "vitest";
import { reasonLanguages, sentenceOf } from "./wording.ts";

const liked = { kind: "liked", itemId: "a", contribution: 0.2, share: 0.5 } as const;
const shared = [
  { field: "performers", value: "Mika Example" },
  { field: "maker", value: "Northlight" },
] as const;

test.each([
  ["en", "Because you liked “Harbour”: same performer (Mika Example), same maker (Northlight)"],
  ["ja", "「Harbour」を高く評価したため（同じ出演者: Mika Example、同じメーカー: Northlight）"],
] as const)(
  "[EX2] a reason names the item of the past and what both have in common: %s",
  (lang, expected) => {
    expect(sentenceOf({ ...liked, shared }, { lang, title: "Harbour" })).toBe(expected);
  },
);

test("what speaks against an item says so", () => {
  const against = { ...liked, contribution: -0.1, share: -0.2 };
  expect(sentenceOf(against, { lang: "en", title: "Harbour" })).toBe("Although you liked “Harbour”");
  expect(sentenceOf({ ...against, kind: "popularity" }, { lang: "ja" })).toBe(
    "ほかの視聴者の人気は控えめなものの",
  );
});

test("every kind has its own words in every language, and a title is taken as it is", () => {
  const kinds = ["liked", "watched", "refused", "taste", "profile", "habits", "popularity"] as const;
  const all = reasonLanguages.flatMap((lang) =>
    kinds.flatMap((kind) =>
      [1, -1].map((contribution) => sentenceOf({ kind, contribution, share: 1 }, { lang, title: "T" })),
    ),
  );
  expect(new Set(all).size).toBe(reasonLanguages.length * kinds.length * 2);
  expect(sentenceOf(liked, { lang: "en", title: "$& {} $1" })).toBe("Because you liked “$& {} $1”");
});
