import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sourceFiles } from "./check-imports.ts";

const root = `${import.meta.dirname}/../`;
const spec = readFileSync(`${root}docs/spec.md`, "utf8");
const rules = Array.from(
  spec.matchAll(/^- \*\*([A-Z]+\d+)\*\* .*? `([^`]+)` "(.+)"$/gm),
  ([, id, file, name]) => ({
    id: id!,
    file: file!,
    name: name!,
  }),
);

test("every line of docs/spec.md that names a rule names its test, and no id occurs twice", () => {
  expect(rules.map(({ id }) => id)).toEqual(
    Array.from(spec.matchAll(/^- \*\*([A-Z]+\d+)/gm), ([, id]) => id),
  );
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
});

test.each(rules)("$id is held by a test", ({ file, name }) => {
  expect(readFileSync(root + file, "utf8")).toContain(name);
});

test("every id that a test carries is a rule", () => {
  const known = new Set(rules.map(({ id }) => id));
  for (const file of sourceFiles(root).filter((path) => path.endsWith(".test.ts"))) {
    const text = readFileSync(root + file, "utf8");
    for (const [, id] of text.matchAll(/(?:test|describe)(?:\.\w+)?\("\[([A-Z]{2}\d+)\]/g)) {
      expect(known, `${id} of ${file}`).toContain(id);
    }
  }
});
