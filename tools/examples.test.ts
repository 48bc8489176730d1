import { describe, expect, test } from "vitest";
import { exampleModule, findExamples, linkedFiles } from "./examples.ts";

describe("findExamples()", () => {
  test("finds the blocks of a doc comment, without its stars", () => {
    const text =
      "/**\n * A.\n *\n * @example\n * ```ts\n * a();\n *   b();\n * ```\n */\nexport const a = 1;\n";
    expect(findExamples("src/a.ts", text)).toEqual([
      { place: "src/a.ts:5", code: "a();\n  b();", runs: true },
    ]);
  });

  test("finds the TypeScript blocks of Markdown and leaves the others", () => {
    const text = "# A\n\n```sh\nls\n```\n\n```ts no-run\na();\n```\n";
    expect(findExamples("README.md", text)).toEqual([{ place: "README.md:7", code: "a();", runs: false }]);
  });
});

describe("exampleModule()", () => {
  test("imports what the block takes as given, and only that", () => {
    const setting = { model: "./model.ts", items: "./items.ts" };
    const first = (code: string) => exampleModule(code, { setting }).split("\n")[0];
    expect(first("use(model, b.items);")).toBe(
      'import __assert from "node:assert/strict"; import { model } from "./model.ts";',
    );
    expect(first("const items = f(); use({ items, model: 1 });")).not.toContain("import {");
    expect(first('const { items } = f("model");')).not.toContain("import {");
  });

  test("asserts what a comment of JSON claims", () => {
    expect(exampleModule('f(1); // {"a": [2]}')).toContain('__assert.deepEqual(f(1), {"a": [2]});');
    expect(exampleModule("a && b; // true")).toContain("__assert.deepEqual(a && b, true);");
  });

  test("leaves declarations, words and indented lines as they are", () => {
    for (const line of ["const a = f(); // 1", "f(); // prints a table", "  f(); // 1"]) {
      expect(exampleModule(line).split("\n")[1]).toBe(line);
    }
  });
});

test("linkedFiles() gives what lies in the repository", () => {
  expect(linkedFiles("[a](docs/a.md#b) [c](https://c) [d](#d) ![e](e.svg)")).toEqual(["docs/a.md", "e.svg"]);
});
