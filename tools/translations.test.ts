import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const pairs = [
  ["README.md", "README.ja.md"],
  ...readdirSync("docs/guides")
    .filter((name) => name.endsWith(".md"))
    .map((name) => [`docs/guides/${name}`, `docs/ja/guides/${name}`]),
] as [string, string][];

/** What must be the same in every language: commands less their comments, code, and how many sections there are. */
function skeleton(path: string): { code: string[]; headings: number[] } {
  const text = readFileSync(path, "utf8");
  const blocks = Array.from(text.matchAll(/^```(sh|ts|json)\n(.*?)^```/gms), ([, , code]) => code!);
  const headings = Array.from(
    text.replace(/^```.*?^```/gms, "").matchAll(/^(#+) /gm),
    ([, marks]) => marks!.length,
  );
  return { code: blocks.map((code) => code.replace(/ +# .*$/gm, "")), headings };
}

test.each(pairs)("%s says in Japanese (%s) what it says in English", (english, japanese) => {
  expect(skeleton(japanese)).toEqual(skeleton(english));
});

test.each(pairs)("%s and %s link to each other", (english, japanese) => {
  expect(readFileSync(english, "utf8")).toMatch(/\[日本語\]\(/);
  expect(readFileSync(japanese, "utf8")).toMatch(/\[English\]\(/);
});
